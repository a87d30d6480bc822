/*
  The calls in flight of this worker process. They outlive the drain that began them, and their number has a bound, which is
  kept by reserving: room is asked for before a batch is taken, so that no batch is taken that would have to wait for it.
*/
export interface Calls {
  /**
   * Room for `most` calls, or for fewer but one; 0 when there was none for withinMs. Who waits is served in the order of
   * asking, one call each, so that a drain with much to send does not keep others out. What is not begun is to be given up.
   */
  reserve(request: { readonly most: number; readonly withinMs: number }): Promise<number>;
  giveUp(calls: number): void;
  /** Runs a call in reserved room; it must not throw. */
  begin(connectionId: string, call: () => Promise<void>): void;
  /** Whether somebody who reserves would have to wait. */
  readonly full: boolean;
  /** Begun and not ended. */
  readonly inFlight: number;
  /** Resolves when a call of this connection ends, and after withinMs at the latest. */
  ended(connectionId: string, withinMs: number): Promise<void>;
  /** Resolves when no call is in flight, and after withinMs at the latest. */
  idle(withinMs: number): Promise<void>;
}

interface Waiting {
  readonly connectionId: string | null;
  readonly wake: () => void;
}

/** Calls `then` after so many milliseconds; answers how to call it off. */
export type StartTimer = (ms: number, then: () => void) => () => void;

const startTimer: StartTimer = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

export function boundedCalls(max: number, start: StartTimer = startTimer): Calls {
  let inFlight = 0;
  let reserved = 0;
  /** In the order of asking. */
  const line = new Set<() => void>();
  const waiting = new Set<Waiting>();

  const free = () => max - inFlight - reserved;

  function serveLine(): void {
    for (const serve of line) {
      if (free() <= 0) return;
      line.delete(serve);
      reserved += 1;
      serve();
    }
  }

  function waitInLine(withinMs: number): Promise<number> {
    return new Promise((resolve) => {
      const serve = () => {
        callOff();
        resolve(1);
      };
      const callOff = start(withinMs, () => {
        line.delete(serve);
        resolve(0);
      });
      line.add(serve);
    });
  }

  function end(connectionId: string): void {
    inFlight -= 1;
    serveLine();
    for (const one of waiting) {
      if (one.connectionId === null || one.connectionId === connectionId) one.wake();
    }
  }

  function ended(connectionId: string | null, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const one = {
        connectionId,
        wake: () => {
          callOff();
          waiting.delete(one);
          resolve();
        },
      };
      const callOff = start(withinMs, () => one.wake());
      waiting.add(one);
    });
  }

  return {
    reserve: async ({ most, withinMs }) => {
      const room = line.size > 0 ? 0 : Math.min(most, free());
      if (room <= 0) return waitInLine(withinMs);
      reserved += room;
      return room;
    },
    giveUp: (calls) => {
      reserved -= calls;
      serveLine();
    },
    begin: (connectionId, call) => {
      reserved -= 1;
      inFlight += 1;
      call().finally(() => end(connectionId));
    },
    get full() {
      return free() <= 0;
    },
    get inFlight() {
      return inFlight;
    },
    ended,
    idle: async (withinMs) => {
      const until = performance.now() + withinMs;
      while (inFlight > 0 && performance.now() < until) await ended(null, until - performance.now());
    },
  };
}
