/* The matrix: hidden limits, fleets and budgets, each with the bar it is to reach. */

import type { Scenario } from './simulate-fleet.ts';
import type { LimitShape } from './simulated-limit.ts';

export interface Bar {
  readonly usedMin: number;
  readonly refusedMax: number;
  /** Seconds from the step of the limit until 90 % were used; null: there is no step. */
  readonly reactionMaxS: number | null;
}

export interface Row {
  readonly group: string;
  readonly name: string;
  readonly scenario: Scenario;
  readonly bar: Bar;
}

export interface Change extends Partial<Omit<Scenario, 'limit' | 'settings'>> {
  readonly limit?: Partial<LimitShape>;
  readonly settings?: Partial<Scenario['settings']>;
}

/** Use and refusals are measured from here on: a minute is given to learn. */
export const SETTLED_S = 60;
export const UNTIL_S = 360;
/** When the limit changes, in the scenarios in which it does. */
export const STEP_S = 240;
/** Fleets that the seeds of a scenario go through in turn. */
export const WORKERS: readonly number[] = [1, 4, 16];

export function makeScenario(change: Change): Scenario {
  return {
    steps: [],
    retryAfter: 'seconds',
    latencyMs: [5, 20],
    workers: 4,
    inflightMax: 20,
    backgroundRate: 0,
    strayShare: 0,
    demand: null,
    untilS: UNTIL_S,
    seed: 1,
    ...change,
    limit: { window: 'bucket', rate: 25, burstSeconds: 1, accrueThrottled: true, concurrency: 0, ...change.limit },
    settings: { rateInitial: 20, rateMax: null, probeBudget: 0.006, share: 1, ...change.settings },
  };
}

/** The scenario with a seed, and with it a fleet and a habit of the service that go with the seed. */
export function seedScenario(scenario: Scenario, seed: number): Scenario {
  return withHabits(scenario, { seed, accrueThrottled: seed % 2 === 0, workers: WORKERS[seed % WORKERS.length] ?? 1 });
}

export interface Habits {
  readonly seed: number;
  readonly workers: number;
  /** Throttled calls count against the limit. */
  readonly accrueThrottled: boolean;
}

export function withHabits(scenario: Scenario, { seed, workers, accrueThrottled }: Habits): Scenario {
  return { ...scenario, seed, workers, limit: { ...scenario.limit, accrueThrottled } };
}

interface Shape {
  readonly name: string;
  readonly limit: Partial<LimitShape>;
}

export const SHAPES: readonly Shape[] = [
  { name: 'bucket, burst 0.2 s', limit: { window: 'bucket', burstSeconds: 0.2 } },
  { name: 'bucket, burst 1 s', limit: { window: 'bucket', burstSeconds: 1 } },
  { name: 'bucket, burst 5 s', limit: { window: 'bucket', burstSeconds: 5 } },
  { name: 'fixed window', limit: { window: 'fixed' } },
  { name: 'sliding window', limit: { window: 'sliding' } },
];

function forShapes(rates: readonly number[], make: (shape: Shape, rate: number) => Row): readonly Row[] {
  return SHAPES.flatMap((shape) => rates.map((rate) => make(shape, rate)));
}

/** An unchanged limit and Retry-After in whole seconds. */
export function steadyRows(rates: readonly number[]): readonly Row[] {
  return forShapes(rates, ({ name, limit }, rate) => ({
    group: 'unchanged limit',
    name: `${name}, ${rate}/s`,
    scenario: makeScenario({ limit: { ...limit, rate } }),
    bar: steadyBar(limit.window === 'bucket' ? 0.97 : 0.95, rate),
  }));
}

function steadyBar(usedMin: number, rate: number): Bar {
  // Of 600 calls in the time, each refusal is a sixth of a per cent.
  if (rate < 5) return { usedMin: 0.88, refusedMax: 0.015, reactionMaxS: null };
  if (rate < 20) return { usedMin: 0.88, refusedMax: 0.008, reactionMaxS: null };
  return { usedMin, refusedMax: 0.005, reactionMaxS: null };
}

/** The largest limit that is looked at, with the longest calls that it is looked at with. */
export function distantRows(rate: number): readonly Row[] {
  return forShapes([rate], ({ name, limit }) => ({
    group: 'unchanged limit, calls of 20 to 30 ms',
    name: `${name}, ${rate}/s`,
    scenario: makeScenario({ limit: { ...limit, rate }, latencyMs: [20, 30] }),
    bar: steadyBar(limit.window === 'bucket' ? 0.97 : 0.95, rate),
  }));
}

/** Retry-After exact to the millisecond. */
export function decimalRows(rates: readonly number[]): readonly Row[] {
  return forShapes(rates, ({ name, limit }, rate) => ({
    group: 'decimal Retry-After',
    name: `${name}, ${rate}/s`,
    scenario: makeScenario({ limit: { ...limit, rate }, retryAfter: 'decimal' }),
    bar: { usedMin: limit.window === 'bucket' ? 0.97 : 0.98, refusedMax: 0.005, reactionMaxS: null },
  }));
}

/** An unchanged limit, looked at with a larger budget. */
export function eagerRows(rates: readonly number[]): readonly Row[] {
  return forShapes(rates, ({ name, limit }, rate) => ({
    group: 'budget 0.05',
    name: `${name}, ${rate}/s`,
    scenario: makeScenario({ limit: { ...limit, rate }, settings: { probeBudget: 0.05 } }),
    bar: { usedMin: 0.91, refusedMax: 0.01, reactionMaxS: null },
  }));
}

/** A limit that becomes `factor` times what it was. */
export function stepRows(rates: readonly number[], factor: number, probeBudget: number): readonly Row[] {
  return forShapes(rates, ({ name, limit }, rate) => {
    const after = Math.round(rate * factor);
    return {
      group: `changed limit, budget ${probeBudget}`,
      name: `${name}, ${rate}/s to ${after}/s`,
      scenario: makeScenario({
        limit: { ...limit, rate },
        settings: { probeBudget },
        steps: [{ atS: STEP_S, rate: after }],
      }),
      bar: { usedMin: 0, refusedMax: 1, reactionMaxS: factor > 1 ? 70 : 40 },
    };
  });
}

/** What else happens to a connection. Bars are what was reached, less a margin: where chance rules, no more can be had. */
export function oddRows(): readonly Row[] {
  const odd = (name: string, usedMin: number, change: Change): readonly Row[] =>
    SHAPES.filter((shape) => shape.name !== 'bucket, burst 5 s' && shape.name !== 'bucket, burst 0.2 s').map(
      (shape) => ({
        group: 'circumstances, at 50/s',
        name: `${shape.name}, ${name}`,
        scenario: makeScenario({ ...change, limit: { rate: 50, ...shape.limit, ...change.limit } }),
        bar: { usedMin, refusedMax: 0.008, reactionMaxS: null },
      }),
    );
  return [
    ...odd('no Retry-After', 0.95, { retryAfter: 'absent' }),
    ...odd('latency 150-200 ms', 0.93, { latencyMs: [150, 200] }),
    ...odd('latency 5-200 ms', 0.87, { latencyMs: [5, 200] }),
    ...odd('4 calls at once, 60-100 ms', 0.92, { latencyMs: [60, 100], limit: { concurrency: 4 } }),
    ...odd('a stray 429 in 2000 calls', 0.75, { strayShare: 1 / 2000 }),
    ...odd('another client, 10/s at random', 0.55, { backgroundRate: 10 }),
    ...odd('share 0.5', 0.47, { settings: { share: 0.5 } }),
    ...odd('rateMax 30', 0.59, { settings: { rateMax: 30 } }),
    ...odd('demand 20 s on, 20 s off', 0.42, { demand: { onS: 20, offS: 20 } }),
    ...odd('rateInitial 400', 0.95, { settings: { rateInitial: 400 } }),
  ];
}
