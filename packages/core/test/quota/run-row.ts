/* Runs a row of the matrix over seeds and says what came of it. */
import { measureReaction, measureUse } from './measure.ts';
import { type Bar, type Row, SETTLED_S, STEP_S, seedScenario } from './scenarios.ts';
import { type Controller, simulateFleet } from './simulate-fleet.ts';

export interface SeedResult {
  readonly seed: number;
  readonly workers: number;
  readonly used: number;
  readonly refused: number;
  /** null: there was no step, or nine tenths were never used after it. */
  readonly reactionS: number | null;
  readonly missed: boolean;
}

export function runRow(controller: Controller, row: Row, seeds: readonly number[]): readonly SeedResult[] {
  return seeds.map((seed) => {
    const scenario = seedScenario(row.scenario, seed);
    const seconds = simulateFleet(controller, scenario);
    const { used, refused } = measureUse(seconds, SETTLED_S, scenario.untilS);
    const reactionS = scenario.steps.length > 0 ? measureReaction(seconds, STEP_S, 0.9) : null;
    return {
      seed,
      workers: scenario.workers,
      used,
      refused,
      reactionS,
      missed: misses(row.bar, { used, refused, reactionS }),
    };
  });
}

function misses(bar: Bar, result: Pick<SeedResult, 'used' | 'refused' | 'reactionS'>): boolean {
  if (result.used < bar.usedMin || result.refused > bar.refusedMax) return true;
  return bar.reactionMaxS !== null && (result.reactionS ?? Number.POSITIVE_INFINITY) > bar.reactionMaxS;
}
