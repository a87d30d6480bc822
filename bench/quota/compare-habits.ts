/* The same limit with fleets of different size, and with throttled calls that count or do not: how far apart is the use? */
import { LEARNED_QUOTA } from '../../packages/core/test/quota/learned-quota.ts';
import { measureUse } from '../../packages/core/test/quota/measure.ts';
import { type Habits, type Row, SETTLED_S, WORKERS, withHabits } from '../../packages/core/test/quota/scenarios.ts';
import { simulateFleet } from '../../packages/core/test/quota/simulate-fleet.ts';

/** Points (hundredths of the limit) that 1, 4 and 16 workers may differ by. */
export const APART_MAX = 0.03;

export interface ComparedHabits {
  readonly name: string;
  /** Mean use of each fleet in WORKERS, throttled calls counting and not. */
  readonly byWorkers: readonly number[];
  readonly apart: number;
  readonly counting: { readonly used: number; readonly refused: number };
  readonly notCounting: { readonly used: number; readonly refused: number };
}

export function compareHabits({ name, scenario }: Row, seeds: readonly number[]): ComparedHabits {
  const use = (habits: Habits) => {
    const seconds = simulateFleet(LEARNED_QUOTA, withHabits(scenario, habits));
    return { ...habits, ...measureUse(seconds, SETTLED_S, scenario.untilS) };
  };
  const all = seeds.flatMap((seed) =>
    WORKERS.flatMap((workers) => [true, false].map((accrueThrottled) => use({ seed, workers, accrueThrottled }))),
  );
  const byWorkers = WORKERS.map((workers) =>
    mean(all.filter((one) => one.workers === workers).map(({ used }) => used)),
  );
  const by = (accrueThrottled: boolean) => {
    const some = all.filter((one) => one.accrueThrottled === accrueThrottled);
    return { used: mean(some.map(({ used }) => used)), refused: mean(some.map(({ refused }) => refused)) };
  };
  const apart = Math.max(...byWorkers) - Math.min(...byWorkers);
  return { name, byWorkers, apart, counting: by(true), notCounting: by(false) };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
