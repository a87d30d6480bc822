/* What else could be done about an unknown limit, run under the same conditions as the learned quota. */
import type { Bucket, Learning } from '../../packages/core/src/quota/bucket.ts';
import { intervalInitialUs, type QuotaSettings } from '../../packages/core/src/quota/learn-quota.ts';
import type { Controller } from '../../packages/core/test/quota/simulate-fleet.ts';

const RATE_MIN = 0.2;

function learned(rate: number, memory: string, learnAtMs: number): Learning {
  return { memory, intervalUs: Math.round(1e6 / Math.max(RATE_MIN, rate)), learnAtMs, closedUntilMs: 0 };
}

/** The rate that was configured, whatever the service says. Retry-After is heeded. */
export const FIXED_RATE: Controller = {
  name: 'fixed rate',
  intervalInitialUs,
  shared: true,
  learn: (bucket, _settings, nowMs) => learned(1e6 / bucket.intervalUs, '', nowMs + 60_000),
};

/** Half after a refusal, +2 % of the initial rate a second otherwise, for the whole fleet. */
export const HALVING: Controller = { name: 'halving on 429', intervalInitialUs, shared: true, learn: halve };

/** The same in each process for itself, as the adaptive concurrency of log shippers does. */
export const AIMD_PER_PROCESS: Controller = {
  name: 'AIMD per process',
  intervalInitialUs,
  shared: false,
  learn: halve,
};

function halve(bucket: Bucket, settings: QuotaSettings, nowMs: number): Learning {
  const rate = 1e6 / bucket.intervalUs;
  if (bucket.refusal !== null) return learned(rate / 2, '', nowMs + bucket.refusal.retryAfterMs + 1000);
  return learned(rate + settings.rateInitial * 0.05, '', nowMs + 1000);
}

interface FourModes {
  readonly mode: 'climb' | 'search' | 'hold' | 'probe';
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly base: number;
  readonly sustained: number;
  readonly step: number;
  readonly probes: number;
  readonly bad: number;
  readonly streak: number;
  readonly cost: number;
  readonly accepted: number;
  readonly openMs: number;
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** Climb, search, hold, probe on a budget: the shortest controller that does well. */
export const FOUR_MODES: Controller = {
  name: 'four modes, 25 lines',
  intervalInitialUs,
  shared: true,
  learn(bucket, settings, nowMs) {
    const old = recall(bucket, settings);
    const seen = { ...old, accepted: old.accepted + bucket.accepted };
    const next = bucket.refusal === null ? advance(seen, settings, nowMs) : retreat(seen, bucket);
    return learned(next.rate, JSON.stringify(next), nowMs + 250);
  },
};

function recall(bucket: Bucket, settings: QuotaSettings): FourModes {
  if (bucket.memory !== '') {
    const read = JSON.parse(bucket.memory) as FourModes;
    return { ...read, high: read.high ?? Number.POSITIVE_INFINITY };
  }
  const none = { low: 0, base: 0, sustained: 0, step: 0, probes: 0, bad: 0, streak: 0, cost: 1, accepted: 0 };
  const at = { openMs: bucket.sinceMs, sinceMs: bucket.sinceMs, lastMs: bucket.sinceMs };
  return { ...none, ...at, mode: 'climb', rate: settings.rateInitial, high: Number.POSITIVE_INFINITY };
}

function hold(state: FourModes, rate: number, atMs: number): FourModes {
  const held = Math.max(RATE_MIN, rate);
  return { ...state, mode: 'hold', rate: held, low: held, lastMs: atMs };
}

function advance(state: FourModes, settings: QuotaSettings, nowMs: number): FourModes {
  const elapsedS = (nowMs - state.sinceMs) / 1000;
  const { rate, low, high, mode } = state;
  if (mode === 'climb') return elapsedS > 1.2 ? { ...state, low: rate, rate: rate * 1.5, sinceMs: nowMs } : state;
  if (mode === 'search') {
    const dwellS = Math.min(10, Math.max(2.2, 0.3 / (high / rate - 1 + 1e-6)));
    if (elapsedS <= dwellS) return state;
    const held = { ...state, low: Math.max(low, rate), sinceMs: nowMs };
    return high / held.low > 1.02 ? { ...held, rate: Math.sqrt(held.low * high) } : hold(held, held.low, nowMs);
  }
  if (mode === 'hold') {
    const pauseS = Math.max(12, state.cost / settings.probeBudget, 1.5 / (0.0015 * rate));
    if ((nowMs - state.lastMs) / 1000 <= pauseS * Math.min(1, 0.2 * 2 ** state.probes)) return state;
    const from = { base: rate, sustained: rate, step: 0.01, probes: state.probes + 1, sinceMs: nowMs };
    return { ...state, ...from, mode: 'probe', rate: rate * 1.01 };
  }
  if (elapsedS <= 1.2) return state;
  const step = state.step * 2;
  const up = { ...state, sustained: rate, step, rate: state.base * (1 + step), sinceMs: nowMs };
  return step > 0.35 ? { ...up, mode: 'climb', low: state.base } : up;
}

function retreat(state: FourModes, bucket: Bucket): FourModes {
  const refusal = bucket.refusal!;
  const ranS = Math.max((refusal.atMs - state.openMs) / 1000, 0.05);
  const thin = ranS < 0.5 || state.accepted < 3;
  const streak = thin ? state.streak + 1 : 0;
  const closedS = refusal.retryAfterMs / 1000;
  const estimate = state.accepted / (ranS + closedS);
  const atMs = refusal.atMs + refusal.retryAfterMs;
  const times = { sinceMs: atMs, openMs: atMs, lastMs: atMs };
  const closed = { ...state, ...times, streak, cost: 0.7 * state.cost + 0.3 * closedS, accepted: 0 };
  if (thin && state.mode !== 'probe') return retreatThin(closed);
  if (state.mode === 'probe') return { ...hold(closed, Math.max(state.base, state.sustained * 0.99), atMs), bad: 0 };
  return state.mode === 'hold' ? retreatHeld(closed, ranS, estimate, atMs) : narrow(closed, estimate, atMs);
}

function retreatThin(state: FourModes): FourModes {
  const rate = Math.max(RATE_MIN, state.rate * 0.8);
  if (state.mode === 'hold') {
    if (state.streak <= 3) return { ...state, rate, low: rate };
    return { ...state, rate, mode: 'search', probes: 0, high: state.rate * 1.3, low: state.rate * 0.5 };
  }
  const high = state.streak === 1 ? state.rate : Math.min(state.high, state.rate * 1.3);
  return { ...state, rate, high, low: Math.min(state.low, rate * 0.6), mode: 'search' };
}

function retreatHeld(state: FourModes, ranS: number, estimate: number, atMs: number): FourModes {
  const { rate } = state;
  if (ranS > 12) return { ...hold(state, Math.max(estimate, rate * 0.985), atMs), bad: 0 };
  const bad = state.bad + 1;
  if (bad < 3)
    return { ...hold(state, Math.max(Math.sqrt(estimate * rate), rate * (bad === 1 ? 0.95 : 0.88)), atMs), bad };
  const low = Math.min(estimate, rate * 0.8);
  return {
    ...state,
    mode: 'search',
    probes: 0,
    high: rate,
    low,
    rate: Math.max(RATE_MIN, Math.sqrt(low * rate)),
    bad: 0,
  };
}

function narrow(state: FourModes, estimate: number, atMs: number): FourModes {
  const { rate } = state;
  const stale = state.low >= rate * 0.985 ? Math.max(estimate, rate * 0.85) : state.low;
  const low = Math.max(stale, Math.min(estimate, rate * 0.97));
  if (rate / low < 1.02) return hold({ ...state, high: rate }, low, atMs);
  return { ...state, mode: 'search', high: rate, low, rate: Math.max(RATE_MIN, Math.sqrt(low * rate)) };
}
