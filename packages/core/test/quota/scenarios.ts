/* The matrix: hidden limits, fleets and budgets, each with the bar it is to reach. */

import type { Scenario } from './simulate-fleet.ts';
import type { LimitShape } from './simulated-limit.ts';

export const LIMIT: LimitShape = {
  window: 'bucket',
  rate: 25,
  burstSeconds: 1,
  accrueThrottled: true,
  concurrency: 0,
};

export const SCENARIO: Scenario = {
  limit: LIMIT,
  steps: [],
  retryAfter: 'seconds',
  latencyMs: [5, 20],
  workers: 4,
  inflightMax: 20,
  settings: { rateInitial: 20, rateMax: null, probeBudget: 0.006, share: 1 },
  backgroundRate: 0,
  strayShare: 0,
  demand: null,
  untilS: 360,
  seed: 1,
};

/** A row of the table. Use and refusals are measured from fromS to the end; a reaction from the (only) step. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly scenario: Scenario;
  readonly fromS: number;
  /** What the limit leaves to us, calls a second, where that is not the whole limit; null: the whole. */
  readonly fairRate: number | null;
  readonly bar: Bar;
}

export interface Bar {
  readonly usedMin: number;
  readonly refusedMax: number;
  /** Seconds from the step until 90 % were used. */
  readonly reactionMaxS: number | null;
}

export const SHAPES: readonly { readonly name: string; readonly limit: Partial<LimitShape> }[] = [
  { name: 'bucket, burst 0.2 s', limit: { window: 'bucket', burstSeconds: 0.2 } },
  { name: 'bucket, burst 1 s', limit: { window: 'bucket', burstSeconds: 1 } },
  { name: 'bucket, burst 5 s', limit: { window: 'bucket', burstSeconds: 5 } },
  { name: 'fixed window', limit: { window: 'fixed' } },
  { name: 'sliding window', limit: { window: 'sliding' } },
];

export interface Change extends Partial<Omit<Scenario, 'limit' | 'settings'>> {
  readonly limit?: Partial<LimitShape>;
  readonly settings?: Partial<Scenario['settings']>;
}

export function makeScenario(change: Change): Scenario {
  return {
    ...SCENARIO,
    ...change,
    limit: { ...LIMIT, ...change.limit },
    settings: { ...SCENARIO.settings, ...change.settings },
  };
}

/** Unchanged limits with Retry-After in whole seconds. */
export function steadyRows(rates: readonly number[], latencyMs: readonly [number, number] = [5, 20]): readonly Row[] {
  return SHAPES.flatMap(({ name, limit }) =>
    rates.map((rate) => ({
      group: name,
      name: `${rate}/s`,
      scenario: makeScenario({ limit: { ...limit, rate }, latencyMs }),
      fromS: 60,
      fairRate: null,
      bar: steadyBar(limit.window !== 'bucket', rate),
    })),
  );
}

function steadyBar(isWindow: boolean, rate: number): Bar {
  if (rate < 20) return { usedMin: 0.88, refusedMax: 0.008, reactionMaxS: null };
  return { usedMin: isWindow ? 0.95 : 0.97, refusedMax: 0.005, reactionMaxS: null };
}

/** Retry-After exact to the millisecond. */
export function decimalRows(rates: readonly number[]): readonly Row[] {
  return SHAPES.flatMap(({ name, limit }) =>
    rates.map((rate) => ({
      group: `${name}, decimal Retry-After`,
      name: `${rate}/s`,
      scenario: makeScenario({ limit: { ...limit, rate }, retryAfter: 'decimal' }),
      fromS: 60,
      fairRate: null,
      bar: { usedMin: limit.window === 'bucket' ? 0.97 : 0.98, refusedMax: 0.005, reactionMaxS: null },
    })),
  );
}

/** A limit that changes by `factor` after four minutes. */
export function stepRows(rates: readonly number[], factor: number, probeBudget: number): readonly Row[] {
  return SHAPES.flatMap(({ name, limit }) =>
    rates.map((rate) => ({
      group: `${name}, x ${factor.toFixed(2)} at budget ${probeBudget}`,
      name: `${rate}/s`,
      scenario: makeScenario({
        limit: { ...limit, rate },
        settings: { probeBudget },
        steps: [{ atS: 240, rate: Math.round(rate * factor) }],
      }),
      fromS: 60,
      fairRate: null,
      bar: { usedMin: 0, refusedMax: 1, reactionMaxS: factor > 1 ? 70 : 40 },
    })),
  );
}

/** An unchanged limit, looked at with a larger purse. */
export function eagerRows(rates: readonly number[]): readonly Row[] {
  return SHAPES.flatMap(({ name, limit }) =>
    rates.map((rate) => ({
      group: `${name}, budget 0.05`,
      name: `${rate}/s`,
      scenario: makeScenario({ limit: { ...limit, rate }, settings: { probeBudget: 0.05 } }),
      fromS: 60,
      fairRate: null,
      bar: { usedMin: 0.91, refusedMax: 0.01, reactionMaxS: null },
    })),
  );
}
