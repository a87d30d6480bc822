/* Learning without a refusal: is the present rate tested enough, and what is tried next? */

import { reserveMinS } from './observe-window.ts';
import type { Memory } from './quota-memory.ts';
import type { QuotaSettings } from './quota-settings.ts';

/** A step of climb and probe, seconds: longer than a window of one second, and 9 steps from 20/s to 500/s. */
const STEP_S = 1.2;
/** Looks come a little early or late; a step that lasted this share of its time has lasted. */
const STEP_ENOUGH = 0.8;
const CLIMB_FACTOR = 1.5;
/** A window of one second refuses a rate above it within two, whatever their phases. */
const WINDOW_S = 2.2;
/** A step of the search lasts no longer than this: 4 s more gained nothing on any shape and came too late at 500/s. */
const SEARCH_STEP_S_MAX = 6;
/** The reserve that a search waits for. A longer one shows itself by runs that agree. */
const SEARCH_RESERVE_S_MAX = 0.3;
/** A reserve above this makes small steps of a probe mute: they would be let through whatever the limit. */
export const RESERVE_MUTE_S = 0.1;
/** A rate on trial that was tested for this long is believed. */
const TRIAL_S = 20;
/** Below this rate a call is so large a share that every refusal is spared. */
export const SMALL_RATE = 6;
/** Rates closer together than this are one to the search; small ones are searched to the end, because probes of them are rare. */
const TOLERANCE = 0.05;
const TOLERANCE_SMALL = 0.015;
/** The first probe after a search waits no longer than this: long enough to use nine tenths of ten seconds. */
const FIRST_PAUSE_S = 10;
/** A probe that ended with a step above this left much open, and where refusals are cheap the next one follows soon. */
const PROBE_COARSE = 0.02;
/** No two probes closer together than this, however cheap. */
const PROBE_PAUSE_S_MIN = 12;
/** Share of calls that probes may have refused: a third of the half per cent that is to be kept, or in proportion to a larger budget. */
const PROBE_REFUSED_SHARE = 0.0015;
const PROBE_REFUSED_PER_BUDGET = 1 / 12;
/** Where a refusal closes for milliseconds only, it costs the call and nothing else. */
const PROBE_REFUSED_SHARE_CHEAP = 0.003;
/** A probe that came so far above its base has found a raised limit. */
const PROBE_STEP_MAX = 0.35;
/** Closures shorter than this (a decimal Retry-After) make refusals cheap. */
export const CHEAP_S = 0.3;

export function advanceRate(memory: Memory, settings: QuotaSettings, testedS: number): Memory {
  if (testedS === 0) return memory;
  if (memory.mode === 'climb') return climb(memory, settings);
  if (memory.mode === 'search') return search(memory, settings);
  return memory.mode === 'hold' ? waitForProbe(memory, settings) : probe(memory);
}

export function holdRate(memory: Memory, rate: number): Memory {
  return { ...memory, mode: 'hold', rate, low: rate, base: 0, heldS: 0, quietS: 0, falls: 0 };
}

/** Factor between two rates that the search does not tell apart: it would be refused again for little, and a probe finds out for less. */
export function tolerance(rate: number): number {
  return 1 + Math.max(rate < SMALL_RATE ? TOLERANCE_SMALL : TOLERANCE, 0.1 / rate);
}

function climb(memory: Memory, settings: QuotaSettings): Memory {
  const { rate, heldS, low } = memory;
  if (heldS < STEP_S * STEP_ENOUGH) return memory;
  if (settings.rateMax !== null && rate >= settings.rateMax) return holdRate(memory, rate);
  // After a probe of a limit with a long reserve, nothing that held has been shown to be below the limit but the base.
  const owed = memory.probes > 0 && memory.reserveS > RESERVE_MUTE_S;
  return { ...memory, low: owed ? low : rate, lowS: heldS, rate: rate * CLIMB_FACTOR, heldS: 0 };
}

/** The closer to the refused rate, the longer the reserve lasts, so the longer a rate must be tested to be held. */
function search(memory: Memory, settings: QuotaSettings): Memory {
  const { rate, heldS, high } = memory;
  const reserveS = Math.min(SEARCH_RESERVE_S_MAX, Math.max(memory.reserveS, reserveMinS(rate)));
  const drainedS = high > rate ? reserveS / (high / rate - 1) : 0;
  // A large budget is the wish to be quick.
  const stepS = Math.min(SEARCH_STEP_S_MAX, 0.25 / settings.probeBudget, Math.max(WINDOW_S, drainedS));
  if (heldS < stepS) return memory;
  const held: Memory = { ...memory, low: rate, lowS: heldS, heldS: 0, falls: 0 };
  return high / rate < tolerance(rate) ? holdRate(held, rate) : { ...held, rate: Math.sqrt(rate * high) };
}

function waitForProbe(memory: Memory, settings: QuotaSettings): Memory {
  const { rate, heldS, quietS } = memory;
  const proven: Memory = heldS > TRIAL_S ? { ...memory, base: 0 } : memory;
  if (settings.rateMax !== null && rate >= settings.rateMax) return proven;
  if (quietS < (memory.probes > 0 ? probePauseS(memory, settings) : firstPauseS(memory, settings))) return proven;
  const step = memory.reserveS > RESERVE_MUTE_S ? 0.02 : memory.costS < CHEAP_S ? 0.005 : 0.01;
  const start = { base: rate, sustained: rate, rate: rate * (1 + step), step, heldS: 0, excessS: 0 };
  return { ...memory, ...start, mode: 'probe', probes: memory.probes + 1 };
}

/** The first probe comes early: it narrows down what the search left open. */
function firstPauseS(memory: Memory, settings: QuotaSettings): number {
  const pauseS = 0.5 * probePauseS(memory, settings);
  return memory.rate < SMALL_RATE ? pauseS : Math.min(pauseS, FIRST_PAUSE_S);
}

/** What a probe costs (a closure, some calls refused), spread over so much time that it is within the budget. */
function probePauseS(memory: Memory, settings: QuotaSettings): number {
  const cheap = memory.costS < CHEAP_S;
  if (cheap && memory.step > PROBE_COARSE) return PROBE_PAUSE_S_MIN / settings.share;
  const floor = cheap ? PROBE_REFUSED_SHARE_CHEAP : PROBE_REFUSED_SHARE;
  const refusedShare = Math.max(floor, settings.probeBudget * PROBE_REFUSED_PER_BUDGET);
  const pauseS = Math.max(memory.costS / settings.probeBudget, memory.costCalls / (refusedShare * memory.rate));
  // A probe tests the whole quota. Where only a share may be used, what it takes from others counts as well.
  return Math.max(PROBE_PAUSE_S_MIN, pauseS / settings.share);
}

function probe(memory: Memory): Memory {
  const { rate, base, step, reserveS } = memory;
  const mute = reserveS > RESERVE_MUTE_S;
  const testS = mute ? STEP_S : Math.max(step < 0.05 ? WINDOW_S : STEP_S, Math.min(4, reserveS / step));
  if (memory.heldS < testS * STEP_ENOUGH) return memory;
  const next: Memory = { ...memory, sustained: rate, step: step * 2, rate: base * (1 + step * 2), heldS: 0 };
  if (next.step <= PROBE_STEP_MAX) return next;
  const known = mute && base < SMALL_RATE ? base : 0;
  return { ...next, mode: 'climb', low: base, lowS: 1, base: known, afterClosure: 0, estimate: 0 };
}
