/*
  Drains without a job. A Redis that has no memory left takes no job of BullMQ, but it would have room again if it were
  drained: so the worker that could not add a wake-up looks at the connection itself. Two workers may do so at once; taking
  is one step in Redis, so neither gets what the other has.
*/

export interface DrainsHere {
  /** A drain of the connection after delayMs; one that is planned for sooner stays. */
  plan(connectionId: string, delayMs: number): void;
  /** Plans nothing more, waits for those that run. */
  stop(): Promise<void>;
}

/** Connections that are planned or drained here at once. What is beyond it is found by the sweep. */
const CONNECTIONS_MAX = 200;
/** A sweep finds a connection long before. */
const DELAY_MS_MAX = 60_000;

interface Plan {
  readonly atMs: number;
  readonly timer: NodeJS.Timeout;
}

export function drainHere(drain: (connectionId: string) => Promise<void>, clock: () => number): DrainsHere {
  const plans = new Map<string, Plan>();
  const running = new Map<string, Promise<void>>();
  let stopping = false;

  function plan(connectionId: string, delayMs: number): void {
    if (stopping || delayMs > DELAY_MS_MAX) return;
    const atMs = clock() + delayMs;
    const planned = plans.get(connectionId);
    if (planned !== undefined && planned.atMs <= atMs) return;
    if (planned === undefined && plans.size >= CONNECTIONS_MAX) return;
    clearTimeout(planned?.timer);
    plans.set(connectionId, { atMs, timer: setTimeout(begin, delayMs, connectionId) });
  }

  function begin(connectionId: string): void {
    plans.delete(connectionId);
    if (stopping || running.has(connectionId) || running.size >= CONNECTIONS_MAX) return;
    const drained = drain(connectionId).finally(() => running.delete(connectionId));
    running.set(connectionId, drained);
  }

  return {
    plan,
    stop: async () => {
      stopping = true;
      for (const { timer } of plans.values()) clearTimeout(timer);
      plans.clear();
      await Promise.all(running.values());
    },
  };
}
