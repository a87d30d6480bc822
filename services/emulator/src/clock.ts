/** Time as an argument: the only way the emulator learns the time or waits. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: Date.now,
  // Unref: an answer that is hours away (a scripted hang) must not keep a stopped emulator alive.
  wait: (ms) => new Promise((resolve) => void setTimeout(resolve, ms).unref()),
};
