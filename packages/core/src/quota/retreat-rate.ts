/* Learning from a refusal: what it says about the limit, and which rate is right when the closure is over. */
import { CHEAP_S, holdRate, RESERVE_MUTE_S, SMALL_RATE, tolerance } from './advance-rate.ts';
import type { Refusal } from './bucket.ts';
import { reserveMinS } from './observe-window.ts';
import type { Memory } from './quota-memory.ts';
import { type QuotaSettings, RATE_MIN } from './quota-settings.ts';

export interface RefusedRate extends Refusal {
  /** The rate in force when it happened: in the mode hold, the share of the quota that is used. */
  readonly rate: number;
}

/** A run of fewer calls says little. */
const THIN_CALLS = 3;
/** Thin runs in a row, after short waits, that leave the rate alone. */
const THIN_FALLS = 3;
/** Calls that were on their way when a closure came and were refused too; more is errors of a long run, not calls in flight. */
const LOST_CALLS_MAX = 20;
/** What a refused probe leaves: the step that held, less a margin, since it held for two seconds only. */
const SUSTAINED_MARGIN = 0.99;
/** The same where the reserve was too long to learn from it: so little more that only a long run could refuse it. */
const CREEP = 1.004;
/** A held rate is refused early within this many seconds, else late. */
const EARLY_S = 10;
/** After so many seconds a refusal has nothing to do with the one before. */
const UNRELATED_S = 60;
/** What a late refusal takes from the rate; doubled for the second and the third in a row. */
const SLIP = 0.01;
/** Where the reserve leaves so much of the rate in doubt, the doubt is looked into. */
const FALL_SEARCHED = 0.03;
/** Late refusals in a row that lowering the rate did not end: they come from something else than the rate. */
const SLIPS_MAX = 3;
/** For so many more of them the rate then stays where it was before. */
const SLIPS_IGNORED = 9;
/** Two runs agree when their estimates differ by no more than this, at rates that differ by at least APART. */
const AGREE = 0.025;
const APART = 0.08;
/**
 * How much more than their estimate is held when runs agree. They say a little too little: a closure is up to a tenth longer
 * than what was told, and a limit whose burst is full by then forgets the rest. With such a reserve it takes a rate of 1 % too
 * much for a hundred seconds. Where a refusal is a large share of the calls of that time, less.
 */
const AGREED_MARGIN = 0.01;
const AGREED_MARGIN_FROM_RATE = 30;
/** A window of one second never takes this long to refuse a rate that is more than a call above it. */
const NO_WINDOW_S = 1.6;
/** So close to the rate before the climb an estimate of few calls means that rate. */
const BACK = 0.12;
/** Beyond this, what held at a lower rate may have been owed to the reserve. */
const RESERVED_S = 2.5;

export function retreatRate(memory: Memory, settings: QuotaSettings, refused: RefusedRate): Memory {
  const { rate } = refused;
  const waitS = refused.retryAfterMs / 1000;
  const ranS = Math.max(0, (refused.atMs - memory.openMs) / 1000);
  const lostCalls = Math.min(LOST_CALLS_MAX, Math.max(1, memory.granted - memory.accepted));
  const cost = {
    costS: 0.7 * memory.costS + 0.3 * waitS,
    costCalls: 0.7 * memory.costCalls + 0.3 * 1.5 * lostCalls,
  };
  const estimate = memory.accepted / Math.max(0.05, ranS + waitS);
  const onTrial = memory.mode === 'probe' || (memory.mode === 'hold' && memory.base > 0);
  if (memory.accepted < THIN_CALLS && !onTrial) {
    return { ...fallThin(memory, refused, estimate), ...cost };
  }
  const closed: Memory = {
    ...memory,
    ...cost,
    // What a closure gives back is at most what the limit grants during it.
    reserveS: Math.min(memory.reserveS, Math.max(waitS, reserveMinS(rate))),
    openMs: 0,
    afterClosure: 1,
    accepted: 0,
    granted: 0,
    heldS: 0,
    quietS: 0,
    lastCalls: memory.afterClosure > 0 ? memory.accepted : 0,
    lastS: ranS,
  };
  if (memory.mode === 'probe') return leaveProbe(closed, memory, rate);
  if (memory.mode === 'hold') return keepHolding(closed, memory, settings, { rate, waitS, estimate });
  // Refused calls may count against the limit or not; nobody says. The middle is off by half of them at most.
  const agreedRate = (memory.accepted + lostCalls / 2) / Math.max(0.05, ranS + waitS);
  return narrow(closed, memory, { rate, estimate, agreedRate });
}

/** Too few calls for an estimate: the run goes on over the closure, so that several thin ones together make one. */
function fallThin(memory: Memory, refused: RefusedRate, estimate: number): Memory {
  const { rate, retryAfterMs } = refused;
  // A short wait may end before the refused calls on their way are forgotten: that says nothing about the rate.
  if (retryAfterMs < CHEAP_S * 1000 && memory.falls < THIN_FALLS) {
    return { ...memory, falls: memory.falls + 1, heldS: 0 };
  }
  const gentle = rate * 0.85;
  const floor = retryAfterMs < CHEAP_S * 1000 ? gentle : Math.min(memory.low, gentle);
  const next = Math.max(RATE_MIN, floor, Math.sqrt(rate * Math.max(rate * 0.04, estimate)));
  return { ...memory, mode: 'search', rate: next, high: rate, low: Math.min(memory.low, next * 0.7), heldS: 0 };
}

/** The limit was not in use up to the full when the probe began, so the whole reserve fitted into what went above base. */
function leaveProbe(closed: Memory, memory: Memory, rate: number): Memory {
  const { base, sustained, excessS } = memory;
  const reserveS = Math.max(reserveMinS(rate), Math.min(closed.reserveS, excessS));
  const margin = closed.costS < CHEAP_S ? 1 : SUSTAINED_MARGIN;
  const proposed = reserveS > RESERVE_MUTE_S ? base * CREEP : Math.max(base, sustained * margin);
  return { ...holdRate({ ...closed, reserveS }, proposed), base, slips: 0 };
}

interface HeldRefusal {
  readonly rate: number;
  readonly waitS: number;
  readonly estimate: number;
}

function keepHolding(closed: Memory, memory: Memory, settings: QuotaSettings, refused: HeldRefusal): Memory {
  const { rate, waitS, estimate } = refused;
  const { heldS, base } = memory;
  if (base > 0) {
    const reserveS = Math.max(closed.reserveS, Math.min(waitS, 0.7 * heldS * (memory.rate / base - 1)));
    return { ...holdRate({ ...closed, reserveS }, Math.max(base, estimate / settings.share)), base: 0 };
  }
  if (heldS > EARLY_S) return slipLate(closed, memory);
  const slips = memory.slips + 1;
  if (slips < (heldS < RESERVED_S ? 2 : 3))
    return { ...holdRate(closed, memory.rate * earlyFactor(memory)), slips, slippedFrom: 0 };
  // Refused soon, and soon again: the limit is another one now.
  const forgotten = { ...memory, low: 0, lowS: 0 };
  return narrow({ ...closed, slips: 0, probes: 0 }, forgotten, { rate, estimate, agreedRate: estimate });
}

/** What the search left open is up to its tolerance, so a rate that no probe has confirmed yet gives way by more. */
function earlyFactor({ probes, rate }: Memory): number {
  return probes === 0 && rate >= SMALL_RATE ? 0.97 : 0.98;
}

function slipLate(closed: Memory, memory: Memory): Memory {
  const { heldS, rate } = memory;
  const slips = heldS > UNRELATED_S || memory.slippedFrom === 0 ? 1 : memory.slips + 1;
  const slippedFrom = slips === 1 ? rate : memory.slippedFrom;
  if (slips > SLIPS_MAX) {
    return { ...holdRate(closed, Math.max(rate, slippedFrom)), slips: slips > SLIPS_MAX + SLIPS_IGNORED ? 0 : slips };
  }
  const uncertain = closed.reserveS / heldS;
  const low = rate / (1 + Math.max(SLIP * 2 ** (slips - 1), uncertain));
  if (uncertain < FALL_SEARCHED) return { ...holdRate(closed, low), slips, slippedFrom };
  // Where the reserve is not known yet, the limit may lie anywhere between.
  return { ...closed, mode: 'search', low, lowS: 0, high: rate, rate: Math.sqrt(low * rate), slips, slippedFrom };
}

interface SearchRefusal {
  readonly rate: number;
  readonly estimate: number;
  /** The rate to hold if the estimate turns out to be the limit. */
  readonly agreedRate: number;
}

function narrow(closed: Memory, memory: Memory, refused: SearchRefusal): Memory {
  const { rate, estimate } = refused;
  if (isBack(closed, memory, estimate)) return holdRate(closed, memory.base);
  const agrees = memory.afterClosure > 0 && memory.estimate > 0 && isWithin(memory.estimate / estimate, AGREE);
  const agreed = agrees ? memory.agreed + 1 : 0;
  if (agreed >= 2 && memory.heldS > NO_WINDOW_S && !isWithin(memory.estimateRate / rate, APART)) {
    const reserveS = Math.max(closed.reserveS, 0.3);
    return holdRate(
      { ...closed, reserveS, estimate: 0, agreed: 0, falls: 0 },
      refused.agreedRate * (1 + Math.min(AGREED_MARGIN, (AGREED_MARGIN * rate) / AGREED_MARGIN_FROM_RATE)),
    );
  }
  const falls = memory.falls + 1;
  const low = lowerBound(closed, memory, { ...refused, falls });
  const kept = agrees || memory.afterClosure === 0 ? {} : { estimate, estimateRate: rate };
  const next: Memory = { ...closed, ...kept, agreed, falls, high: rate, low };
  if (rate / low < tolerance(rate)) return holdRate({ ...next, lowS: 1 }, low);
  const lowS = low === memory.low ? memory.lowS : 0;
  return { ...next, mode: 'search', lowS, rate: Math.max(RATE_MIN, Math.sqrt(low * rate)) };
}

/**
 * A probe of a small limit with a long reserve climbed far and was refused: the first run after it says whether the limit is
 * where it was, or one more refusal each step down would.
 */
function isBack(closed: Memory, { afterClosure, base }: Memory, estimate: number): boolean {
  return base > 0 && afterClosure > 0 && closed.reserveS > RESERVE_MUTE_S && isWithin(estimate / base, BACK);
}

/** What the limit is at least: the rate that held, as far as the reserve lets one believe it, or the run's estimate. */
function lowerBound(closed: Memory, memory: Memory, refused: SearchRefusal & { readonly falls: number }): number {
  const { rate, estimate, falls } = refused;
  const { reserveS } = closed;
  const certain = memory.lowS > 0 ? memory.low / (1 + reserveS / memory.lowS) : 0;
  let low = memory.low;
  if (memory.heldS > RESERVED_S) low = Math.max(certain, rate / (1 + reserveS / memory.heldS));
  else if (low > rate * 0.985) low = Math.max(certain, estimate, rate * 0.8);
  // Who keeps falling started from a bound that is none: each further fall looks twice as far down.
  if (falls > 2) low = Math.min(low, rate * Math.max(0.4, 1 - 0.08 * 2 ** (falls - 3)));
  // A fixed window may take a twentieth more than its rate in a run, by the phase of its ends.
  return Math.max(Math.min(low, rate * 0.99), Math.min(estimate * 0.95, rate * 0.97));
}

function isWithin(ratio: number, difference: number): boolean {
  return Math.abs(Math.log(ratio)) < difference;
}
