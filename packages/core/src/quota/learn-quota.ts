import type { Bucket, Learning } from './bucket.ts';

/** What the operator set about the quota. */
export interface QuotaSettings {
  /** SLUICE_RATE_INITIAL, calls a second. */
  readonly rateInitial: number;
  /** SLUICE_RATE_MAX; null = no ceiling. */
  readonly rateMax: number | null;
  /** SLUICE_PROBE_BUDGET: share of the quota that looking for a higher limit may cost. */
  readonly probeBudget: number;
  /** SLUICE_QUOTA_SHARE: part of the learned quota that is used. */
  readonly share: number;
}

const RATE_MIN = 0.2;
const RATE_MAX = 100_000;

type Mode = 'climb' | 'search' | 'hold' | 'probe';

interface Memory {
  readonly mode: Mode;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly base: number;
  readonly sustained: number;
  readonly step: number;
  readonly heldMs: number;
  readonly quietMs: number;
  readonly openMs: number;
  readonly accepted: number;
  readonly estimate: number;
  readonly estimateRate: number;
  readonly costMs: number;
  readonly probes: number;
  readonly slips: number;
  readonly deep: number;
}

export function intervalInitialUs(settings: QuotaSettings): number {
  return Math.round(
    1e6 / (Math.min(settings.rateInitial, settings.rateMax ?? Number.POSITIVE_INFINITY) * settings.share),
  );
}

const TUNE = { dwell: 1200, tol: 1.015, deepS: 2.5 };

export function learnQuota(bucket: Bucket, settings: QuotaSettings, nowMs: number): Learning {
  const seen = look(recall(bucket), bucket, nowMs);
  const next = bucket.refusal === null ? advance(seen.memory, settings, seen.testedMs) : retreat(seen.memory, bucket);
  const cap = settings.rateMax ?? RATE_MAX;
  const rate = Math.min(cap, Math.max(RATE_MIN, next.rate));
  const memory = { ...next, rate };
  const actual = memory.mode === 'hold' ? rate * settings.share : rate;
  const intervalUs = Math.max(Math.round(1e6 / actual), Math.ceil(1e6 / cap));
  const lookMs = Math.max(memory.mode === 'hold' ? 2000 : memory.mode === 'search' ? 700 : TUNE.dwell, 4000 / actual);
  const inARow = bucket.refusal !== null && bucket.refusedInARow > 2 ? Math.min(4000, 250 * 2 ** (bucket.refusedInARow - 3)) : 0;
  const closedUntilMs = bucket.refusal === null ? 0 : Math.max(bucket.closedUntilMs, bucket.refusal.atMs + inARow);
  return { memory: JSON.stringify(memory, short), intervalUs, learnAtMs: Math.ceil(Math.max(nowMs, closedUntilMs) + lookMs), closedUntilMs };
}

function short(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(value > 1e9 ? 16 : 6)) : value;
}

function recall(bucket: Bucket): Memory {
  try {
    const read = JSON.parse(bucket.memory) as Memory;
    if (typeof read.rate === 'number' && typeof read.openMs === 'number') return read;
  } catch {
    // Nothing was learned yet, or by another version: start anew.
  }
  return {
    mode: 'climb', rate: 1e6 / bucket.intervalUs, low: 0, high: 0, base: 0, sustained: 0, step: 0, heldMs: 0, quietMs: 0,
    openMs: 0, accepted: 0, estimate: 0, estimateRate: 0, costMs: 1000, probes: 0, slips: 0, deep: 0,
  };
}

function look(memory: Memory, bucket: Bucket, nowMs: number): { memory: Memory; testedMs: number } {
  const endMs = bucket.refusal?.atMs ?? nowMs;
  const elapsedMs = endMs - bucket.sinceMs;
  const spentMs = (bucket.granted * bucket.intervalUs) / 1000;
  const testedMs = spentMs >= 0.85 * elapsedMs ? Math.min(elapsedMs, spentMs) : 0;
  return {
    memory: {
      ...memory,
      openMs: memory.openMs === 0 ? bucket.sinceMs : memory.openMs,
      accepted: memory.accepted + bucket.accepted,
      heldMs: memory.heldMs + testedMs,
      quietMs: memory.quietMs + testedMs,
    },
    testedMs,
  };
}

function advance(memory: Memory, settings: QuotaSettings, testedMs: number): Memory {
  if (testedMs === 0) return memory;
  const cap = settings.rateMax ?? RATE_MAX;
  const { mode, rate, heldMs, high } = memory;
  if (mode === 'climb') {
    if (heldMs < TUNE.dwell * 0.8) return memory;
    if (rate >= cap) return hold(memory, cap);
    return { ...memory, low: rate, rate: rate * 1.5, heldMs: 0 };
  }
  if (mode === 'search') {
    const dwell = Math.min(10_000, Math.max(2200, 300 / (high / rate - 1 + 1e-6)));
    if (heldMs < dwell) return memory;
    const low = Math.max(memory.low, rate);
    if (high / low < TUNE.tol) return hold(memory, low);
    return { ...memory, low, rate: Math.sqrt(low * high), heldMs: 0 };
  }
  if (mode === 'hold') {
    const pauseMs = Math.max(12_000, memory.costMs / settings.probeBudget, 1.5e3 / (0.0015 * rate));
    if (memory.quietMs < pauseMs * Math.min(1, 0.2 * 2 ** memory.probes) || rate >= cap) return memory;
    return { ...memory, mode: 'probe', base: rate, sustained: rate, step: 0.01, rate: rate * 1.01, heldMs: 0, probes: memory.probes + 1 };
  }
  if (heldMs < TUNE.dwell * 0.8) return memory;
  const step = memory.step * 2;
  const up = { ...memory, sustained: rate, step, rate: memory.base * (1 + step), heldMs: 0 };
  if (step > 0.35) return { ...up, mode: 'climb', low: memory.base };
  return up;
}

function hold(memory: Memory, rate: number): Memory {
  return { ...memory, mode: 'hold', rate, low: rate, heldMs: 0, quietMs: 0 };
}

function retreat(memory: Memory, bucket: Bucket): Memory {
  const refusal = bucket.refusal!;
  const waitMs = refusal.retryAfterMs;
  const { rate, accepted } = memory;
  const estimate = (accepted * 1000) / Math.max(50, refusal.atMs - memory.openMs + waitMs);
  const costMs = 0.7 * memory.costMs + 0.3 * waitMs;
  if (accepted < 3 && memory.mode !== 'probe') {
    const next = Math.max(RATE_MIN, Math.max(rate * 0.6, estimate));
    return { ...memory, costMs, mode: 'search', rate: next, high: rate, low: Math.min(memory.low, next * 0.5), heldMs: 0 };
  }
  const closed = { ...memory, costMs, accepted: 0, openMs: 0, heldMs: 0, quietMs: 0, estimate, estimateRate: rate };
  if (memory.mode === 'probe') return { ...hold(closed, Math.max(memory.base, memory.deep > 0 ? 0 : memory.sustained * 0.99)), slips: 0 };
  if (memory.mode === 'hold') return retreatHeld(closed, memory, estimate);
  return narrow(closed, memory, estimate);
}

function retreatHeld(closed: Memory, memory: Memory, estimate: number): Memory {
  const { rate } = memory;
  const slips = memory.slips + 1;
  if (memory.heldMs > 10_000) return { ...hold(closed, slips === 1 ? Math.max(estimate, rate * 0.985) : estimate), slips: memory.heldMs > 100_000 ? 0 : slips };
  if (slips < 2) return { ...hold(closed, Math.max(Math.sqrt(estimate * rate), rate * 0.95)), slips };
  return narrow({ ...closed, slips: 0, probes: 0 }, { ...memory, low: 0 }, estimate);
}

function narrow(closed: Memory, memory: Memory, estimate: number): Memory {
  const { rate } = memory;
  const apart = Math.abs(Math.log(memory.estimateRate / rate));
  if (memory.estimate > 0 && apart > 0.08 && Math.abs(Math.log(memory.estimate / estimate)) < 0.025) {
    return { ...hold(closed, estimate * 0.995), deep: 1 };
  }
  let low = memory.low >= rate * 0.985 ? 0 : memory.low;
  if (memory.heldMs > TUNE.deepS * 1000) low = 0;
  low = Math.max(low, Math.min(estimate, rate * 0.97));
  if (rate / low < 1.02) return hold({ ...closed, high: rate }, low);
  const next = memory.heldMs > TUNE.deepS * 1000 ? Math.max(estimate, rate * 0.7) : Math.sqrt(low * rate);
  return { ...closed, mode: 'search', high: rate, low, rate: Math.max(RATE_MIN, next), heldMs: 0 };
}
