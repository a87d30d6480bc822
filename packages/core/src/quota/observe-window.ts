/* Learning, first half: adds the bucket's window to what is remembered, and bounds the limit's reserve. */
import type { Bucket } from './bucket.ts';
import type { Memory } from './quota-memory.ts';

/** Below this share of a window spent in calls at the rate in force, the rate was not tested: it may have been refused had it been used. */
const TESTED_SHARE = 0.85;

export interface Observation {
  readonly memory: Memory;
  /** Seconds of the window in which the rate was tested; all or nothing, since idle time refills the limit's reserve. */
  readonly testedS: number;
}

export function observeWindow(memory: Memory, bucket: Bucket, nowMs: number): Observation {
  const endMs = bucket.refusal?.atMs ?? nowMs;
  const elapsedS = Math.max(0, (endMs - bucket.sinceMs) / 1000);
  const spentS = (bucket.granted * bucket.intervalUs) / 1e6;
  const testedS = spentS >= TESTED_SHARE * elapsedS ? Math.min(elapsedS, spentS) : 0;
  const openMs = memory.openMs === 0 ? bucket.sinceMs : memory.openMs;
  const seen: Memory = {
    ...memory,
    openMs,
    accepted: memory.accepted + bucket.accepted,
    granted: memory.granted + bucket.granted,
    heldS: memory.heldS + testedS,
    quietS: memory.quietS + testedS,
    excessS: memory.mode === 'probe' ? memory.excessS + testedS * (memory.rate / memory.base - 1) : 0,
  };
  if (bucket.refusal !== null) return { memory: seen, testedS };
  return { memory: { ...seen, reserveS: boundReserve(seen, (endMs - openMs) / 1000) }, testedS };
}

/**
 * The run before ended in a refusal: its calls = limit x (its seconds + reserve). The run under way did not yet: its calls
 * ≤ limit x (its seconds + reserve). Divided by one another, the limit falls out, and what is left bounds the reserve.
 */
function boundReserve(memory: Memory, seconds: number): number {
  const { lastCalls, lastS, accepted, reserveS, rate } = memory;
  if (memory.afterClosure === 0 || lastCalls === 0 || accepted <= lastCalls) return reserveS;
  const boundS = (lastCalls * seconds - accepted * lastS) / (accepted - lastCalls);
  return Math.min(reserveS, Math.max(reserveMinS(rate), boundS));
}

/** A limit that counts whole calls has a reserve of one; half of one more is when they happen to arrive. */
export function reserveMinS(rate: number): number {
  return 1.5 / rate;
}
