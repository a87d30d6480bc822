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
  readonly lowS: number;
  readonly high: number;
  readonly base: number;
  readonly sustained: number;
  readonly step: number;
  readonly heldS: number;
  readonly quietS: number;
  readonly openMs: number;
  readonly accepted: number;
  readonly fromClosure: boolean;
  readonly estimate: number;
  /** Rate at which `estimate` was made. */
  readonly anchorRate: number;
  /** Calls and seconds of the last run from a closure to a refusal. */
  readonly runN: number;
  readonly runS: number;
  readonly reserveS: number;
  readonly excessS: number;
  readonly falls: number;
  readonly floor: number;
  readonly agreed: number;
  readonly costS: number;
  readonly probes: number;
  readonly slips: number;
}

export function intervalInitialUs(settings: QuotaSettings): number {
  return Math.round(
    1e6 / (Math.min(settings.rateInitial, settings.rateMax ?? Number.POSITIVE_INFINITY) * settings.share),
  );
}

export const TUNE = {
  dwell: 1.2,
  tol: 1.015,
  longS: 2.5,
  windows: 0.1,
  slack: 0.01,
  creep: 1.004,
  trialS: 20,
  sustain: 0.99,
  searchMax: 6,
  early: 0.5,
};

export function learnQuota(bucket: Bucket, settings: QuotaSettings, nowMs: number): Learning {
  const seen = look(recall(bucket), bucket, nowMs);
  const cap = settings.rateMax ?? RATE_MAX;
  const next =
    bucket.refusal === null ? advance(seen.memory, settings, seen.testedS) : retreat(seen.memory, bucket, settings);
  const rate = Math.min(cap, Math.max(RATE_MIN, next.rate));
  const memory = { ...next, rate };
  const actual = memory.mode === 'hold' ? rate * settings.share : rate;
  const intervalUs = Math.max(Math.round(1e6 / actual), Math.ceil(1e6 / cap));
  const lookMs = Math.max(
    memory.mode === 'hold' ? 2000 : memory.mode === 'search' ? 700 : TUNE.dwell * 1000,
    4000 / actual,
  );
  const inARow =
    bucket.refusal !== null && bucket.refusedInARow > 2 ? Math.min(4000, 250 * 2 ** (bucket.refusedInARow - 3)) : 0;
  const closedUntilMs = bucket.refusal === null ? 0 : Math.max(bucket.closedUntilMs, bucket.refusal.atMs + inARow);
  return {
    memory: JSON.stringify(memory, short),
    intervalUs,
    learnAtMs: Math.ceil(Math.max(nowMs, closedUntilMs) + lookMs),
    closedUntilMs,
  };
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
    mode: 'climb',
    rate: 1e6 / bucket.intervalUs,
    low: 0,
    lowS: 0,
    high: 0,
    base: 0,
    sustained: 0,
    step: 0,
    heldS: 0,
    quietS: 0,
    openMs: 0,
    accepted: 0,
    fromClosure: false,
    estimate: 0,
    anchorRate: 0,
    runN: 0,
    runS: 0,
    reserveS: 1,
    excessS: 0,
    falls: 0,
    floor: 0,
    agreed: 0,
    costS: 1,
    probes: 0,
    slips: 0,
  };
}

function look(memory: Memory, bucket: Bucket, nowMs: number): { memory: Memory; testedS: number } {
  const endMs = bucket.refusal?.atMs ?? nowMs;
  const elapsedS = Math.max(0, (endMs - bucket.sinceMs) / 1000);
  const spentS = (bucket.granted * bucket.intervalUs) / 1e6;
  const testedS = spentS >= 0.85 * elapsedS ? Math.min(elapsedS, spentS) : 0;
  const openMs = memory.openMs === 0 ? bucket.sinceMs : memory.openMs;
  const accepted = memory.accepted + bucket.accepted;
  return {
    memory: {
      ...memory,
      openMs,
      accepted,
      excessS: memory.mode === 'probe' ? memory.excessS + testedS * (memory.rate / memory.base - 1) : 0,
      reserveS: bucket.refusal === null ? boundReserve(memory, accepted, (endMs - openMs) / 1000) : memory.reserveS,
      heldS: memory.heldS + testedS,
      quietS: memory.quietS + testedS,
    },
    testedS,
  };
}

function boundReserve(memory: Memory, accepted: number, ranS: number): number {
  const { runN, runS, reserveS, fromClosure } = memory;
  if (!fromClosure || runN === 0 || accepted <= runN) return reserveS;
  const bound = (runN * ranS - accepted * runS) / (accepted - runN);
  return Math.min(reserveS, Math.max(1.5 / memory.rate, bound));
}

function advance(memory: Memory, settings: QuotaSettings, testedS: number): Memory {
  if (testedS === 0) return memory;
  const cap = settings.rateMax ?? RATE_MAX;
  const { mode, rate, heldS } = memory;
  if (mode === 'climb') {
    if (heldS < TUNE.dwell * 0.8) return memory;
    if (rate >= cap) return hold(memory, cap);
    return { ...memory, low: memory.floor > 0 ? memory.low : rate, lowS: heldS, rate: rate * 1.5, heldS: 0 };
  }
  if (mode === 'search') return advanceSearch(memory, settings);
  if (mode === 'hold') {
    const proven = heldS > TUNE.trialS ? { ...memory, base: 0 } : memory;
    const pauseS = Math.max(
      12,
      memory.costS / settings.probeBudget,
      1.5 / (Math.max(0.0015, settings.probeBudget / 12) * rate),
    );
    if (memory.quietS < pauseS * Math.min(1, TUNE.early * 2 ** memory.probes) || rate >= cap) return proven;
    const step = memory.reserveS > TUNE.windows ? 0.02 : memory.costS < 0.3 ? 0.005 : 0.01;
    return {
      ...memory,
      mode: 'probe',
      base: rate,
      sustained: rate,
      step,
      rate: rate * (1 + step),
      heldS: 0,
      probes: memory.probes + 1,
    };
  }
  const dwell =
    memory.reserveS > TUNE.windows
      ? TUNE.dwell
      : Math.max(memory.step < 0.05 ? 2.2 : TUNE.dwell, Math.min(4, memory.reserveS / memory.step));
  if (heldS < dwell * 0.8) return memory;
  const step = memory.step * 2;
  const up = { ...memory, sustained: rate, step, rate: memory.base * (1 + step), heldS: 0 };
  if (step > 0.35)
    return {
      ...up,
      mode: 'climb',
      low: memory.base,
      lowS: 1,
      base: 0,
      floor: memory.reserveS > TUNE.windows ? memory.base : 0,
      fromClosure: false,
      estimate: 0,
    };
  return up;
}

function advanceSearch(memory: Memory, settings: QuotaSettings): Memory {
  const { rate, heldS, high } = memory;
  const reserveS = Math.min(0.3, Math.max(memory.reserveS, 1.5 / rate));
  const dwell = Math.min(
    TUNE.searchMax,
    0.25 / settings.probeBudget,
    Math.max(2.2, reserveS / (high / rate - 1 + 1e-6)),
  );
  if (heldS < dwell) return memory;
  const next = { ...memory, low: rate, lowS: heldS, heldS: 0, falls: 0 };
  if (high / rate < tolerance(rate)) return hold(next, rate);
  return { ...next, rate: Math.sqrt(rate * high) };
}

function tolerance(rate: number): number {
  return 1 + Math.max(0.015, 0.1 / rate);
}

function hold(memory: Memory, rate: number): Memory {
  return { ...memory, mode: 'hold', rate, low: rate, heldS: 0, quietS: 0 };
}

function retreat(memory: Memory, bucket: Bucket, settings: QuotaSettings): Memory {
  const refusal = bucket.refusal!;
  const waitS = refusal.retryAfterMs / 1000;
  const { accepted } = memory;
  const rate = 1e6 / bucket.intervalUs;
  const estimate = accepted / Math.max(0.05, (refusal.atMs - memory.openMs) / 1000 + waitS);
  const costS = 0.7 * memory.costS + 0.3 * waitS;
  if (accepted < 3 && memory.mode !== 'probe' && memory.base === 0) {
    const floor = waitS < 0.3 ? rate * 0.85 : Math.min(memory.low, rate * 0.85);
    const next = Math.max(RATE_MIN, floor, Math.sqrt(rate * Math.max(rate * 0.04, estimate)));
    return {
      ...memory,
      costS,
      mode: 'search',
      rate: next,
      high: rate,
      low: Math.min(memory.low, next * 0.7),
      heldS: 0,
    };
  }
  const reserveS = Math.min(memory.reserveS, Math.max(waitS, 1.5 / rate));
  const closed = {
    ...memory,
    costS,
    reserveS,
    accepted: 0,
    openMs: 0,
    heldS: 0,
    quietS: 0,
    fromClosure: true,
    floor: 0,
    runN: memory.fromClosure ? accepted : 0,
    runS: (refusal.atMs - memory.openMs) / 1000,
  };
  if (memory.mode === 'probe') {
    const reserveS = Math.max(1.5 / rate, Math.min(closed.reserveS, memory.excessS));
    const target =
      reserveS > TUNE.windows
        ? memory.base * TUNE.creep
        : Math.max(memory.base, memory.sustained * (costS < 0.3 ? 1 : TUNE.sustain));
    return { ...hold({ ...closed, reserveS }, target), base: memory.base, slips: 0 };
  }
  if (memory.mode === 'hold') return retreatHeld(closed, memory, estimate, rate, settings, waitS);
  return narrow(closed, memory, estimate, rate);
}

function retreatHeld(
  closed: Memory,
  memory: Memory,
  estimate: number,
  rate: number,
  settings: QuotaSettings,
  waitS: number,
): Memory {
  const { heldS } = memory;
  if ((waitS + 1 / rate) / heldS < settings.probeBudget / 2) return { ...hold(closed, memory.rate), base: 0 };
  if (memory.base > 0) {
    const reserveS = Math.max(closed.reserveS, Math.min(waitS, 0.7 * heldS * (memory.rate / memory.base - 1)));
    return { ...hold({ ...closed, reserveS }, Math.max(memory.base, estimate / settings.share)), base: 0 };
  }
  const slips = memory.slips + 1;
  if (heldS > 10) {
    return {
      ...hold(closed, memory.rate / (1 + Math.max(TUNE.slack * 2 ** (slips - 1), closed.reserveS / heldS))),
      slips: heldS > 60 ? 0 : slips,
    };
  }
  if (slips < 2) return { ...hold(closed, memory.rate * 0.98), slips };
  return narrow({ ...closed, slips: 0, probes: 0 }, { ...memory, low: 0 }, estimate, rate);
}

function narrow(fresh: Memory, memory: Memory, estimate: number, rate: number): Memory {
  const agrees = memory.estimate > 0 && memory.fromClosure && Math.abs(Math.log(memory.estimate / estimate)) < 0.025;
  const falls = memory.falls + 1;
  const agreed = agrees ? memory.agreed + 1 : 0;
  if (agreed >= 2 && memory.heldS > 1.3 && Math.abs(Math.log(memory.anchorRate / rate)) > 0.08) {
    return hold(
      { ...fresh, reserveS: Math.max(fresh.reserveS, 0.3), estimate: 0, agreed: 0, falls: 0 },
      estimate * 0.995,
    );
  }
  const anchor = agrees || !memory.fromClosure ? {} : { estimate, anchorRate: rate };
  const closed = { ...fresh, ...anchor, agreed, falls };
  const { reserveS } = closed;
  const certain = memory.lowS > 0 ? memory.low / (1 + reserveS / memory.lowS) : 0;
  let low = memory.low;
  if (memory.heldS > TUNE.longS) low = Math.max(certain, rate / (1 + reserveS / memory.heldS));
  else if (low > rate * 0.985) low = Math.max(certain, estimate, rate * 0.8);
  if (falls > 2) low = Math.min(low, rate * Math.max(0.4, 1 - 0.08 * 2 ** (falls - 3)));
  low = Math.max(Math.min(low, rate * 0.99), Math.min(estimate * 0.95, rate * 0.97));
  if (rate / low < tolerance(rate)) return hold({ ...closed, high: rate, lowS: 1 }, low);
  return {
    ...closed,
    mode: 'search',
    high: rate,
    low,
    lowS: low === memory.low ? memory.lowS : 0,
    rate: Math.max(RATE_MIN, Math.sqrt(low * rate)),
  };
}
