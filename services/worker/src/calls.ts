/* The calls in flight of this worker process. They outlive the drain that began them, and their number has a bound. */

export interface Calls {
  /** Runs a call; it must not throw. Only to be called while hasRoom. */
  begin(connectionId: string, call: () => Promise<void>): void;
  hasRoom(): boolean;
  readonly inFlight: number;
  /** Resolves when a call ends (of this connection, or of any for null), and after withinMs at the latest. */
  ended(connectionId: string | null, withinMs: number): Promise<void>;
  /** Resolves when no call is in flight, and after withinMs at the latest. */
  idle(withinMs: number): Promise<void>;
}

export function boundedCalls(max: number): Calls {
  let inFlight = 0;
  const waiting = new Set<{ readonly connectionId: string | null; readonly wake: () => void }>();

  function end(connectionId: string): void {
    inFlight -= 1;
    for (const one of waiting) {
      if (one.connectionId === null || one.connectionId === connectionId) one.wake();
    }
  }

  function ended(connectionId: string | null, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const one = {
        connectionId,
        wake: () => {
          clearTimeout(timer);
          waiting.delete(one);
          resolve();
        },
      };
      const timer = setTimeout(one.wake, withinMs);
      waiting.add(one);
    });
  }

  return {
    begin: (connectionId, call) => {
      inFlight += 1;
      call().finally(() => end(connectionId));
    },
    hasRoom: () => inFlight < max,
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
