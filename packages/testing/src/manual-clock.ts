/** Time that only the test moves. What waits on it goes on in order of its time, one by one, before `advance` answers. */
export interface ManualClock {
  nowMs(): number;
  nowUs(): number;
  advance(ms: number): Promise<void>;
  /** Resolves once the clock has been moved to `ms` from now, or at once when the signal aborts; never by itself. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

interface Waiter {
  readonly atUs: number;
  readonly wake: () => void;
}

export const CLOCK_START_MS = 1_800_000_000_000;

export function manualClock(startMs: number = CLOCK_START_MS): ManualClock {
  let nowUs = startMs * 1000;
  const waiters = new Set<Waiter>();

  async function advance(ms: number): Promise<void> {
    const untilUs = nowUs + Math.round(ms * 1000);
    for (let next = earliest(waiters, untilUs); next !== null; next = earliest(waiters, untilUs)) {
      nowUs = Math.max(nowUs, next.atUs);
      waiters.delete(next);
      next.wake();
      // One turn of the loop, so that whoever was woken can wait again before time goes on.
      await new Promise(setImmediate);
    }
    nowUs = untilUs;
  }

  function wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const stop = () => {
        waiters.delete(waiter);
        resolve();
      };
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const waiter: Waiter = { atUs: nowUs + Math.round(ms * 1000), wake };
      waiters.add(waiter);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  return { nowMs: () => Math.floor(nowUs / 1000), nowUs: () => nowUs, advance, wait };
}

function earliest(waiters: ReadonlySet<Waiter>, untilUs: number): Waiter | null {
  let best: Waiter | null = null;
  for (const waiter of waiters) {
    if (waiter.atUs <= untilUs && (best === null || waiter.atUs < best.atUs)) best = waiter;
  }
  return best;
}
