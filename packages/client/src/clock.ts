/** Time as the client sees it; tests move it by hand. */
export interface Clock {
  /** Milliseconds that never go back. */
  nowMs(): number;
  /** Milliseconds since 1970, to read a date in Retry-After. */
  wallMs(): number;
  /** Runs once after so long, unless what it answers is called before. */
  after(ms: number, run: () => void): () => void;
}

/** setTimeout takes 31 bits; more would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** Its timers keep the process alive, as long as something is waiting to be stored. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(DELAY_MS_MAX, Math.max(0, ms)));
    return () => clearTimeout(timer);
  },
};
