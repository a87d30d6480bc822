/* The bars of the matrix as assertions, on a part of it. Time is simulated and chance is seeded: the same on each run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEARNED_QUOTA } from './learned-quota.ts';
import { runRow } from './run-row.ts';
import * as matrix from './scenarios.ts';
import { type Controller, simulateFleet } from './simulate-fleet.ts';

/** The bench verifies on other seeds; these keep the bars from falling unnoticed. */
const SEEDS: readonly number[] = [1001, 1002, 1003];

function assertBars(rows: readonly matrix.Row[], seeds: readonly number[], missedMax: number): void {
  const missed = rows.flatMap((row) =>
    runRow(LEARNED_QUOTA, row, seeds)
      .filter((result) => result.missed)
      .map((result) => `${row.group}, ${row.name}: ${JSON.stringify(result)}`),
  );
  assert.ok(missed.length <= missedMax, missed.join('\n'));
}

test('an unchanged limit is used to 97 % (buckets) and 95 % (windows), with at most 0.5 % of calls refused', () => {
  assertBars(matrix.steadyRows([20, 37, 100]), SEEDS, 0);
});

test('a limit of 500/s is used as well as a small one', () => {
  assertBars(matrix.steadyRows([500]), [1001], 0);
});

test('a limit of 500/s is used as well when calls take 20 to 30 ms', () => {
  assertBars(matrix.distantRows(500), [1001, 1002], 0);
});

test('a limit of 2/s is used to 88 %, with at most 1.5 % of calls refused', () => {
  assertBars(matrix.steadyRows([2]), SEEDS, 0);
});

test('a limit of 5/s is used to 88 %, with at most 0.8 % of calls refused', () => {
  assertBars(matrix.steadyRows([5]), SEEDS, 0);
});

test('with a Retry-After in milliseconds windows are used to 98 %', () => {
  assertBars(matrix.decimalRows([20, 100]), SEEDS, 0);
});

test('a budget of 5 % still uses 91 %, and 90 % of a tripled limit within 70 s', () => {
  assertBars(matrix.eagerRows([20, 100]), [1001, 1002], 0);
  assertBars(matrix.stepRows([20, 100], 3, 0.05), SEEDS, 0);
});

test('a limit that falls to a third is used to 90 % within 40 s, whatever the budget', () => {
  assertBars(matrix.stepRows([20, 100], 1 / 3, 0.006), SEEDS, 0);
  assertBars(matrix.stepRows([20, 100], 1 / 3, 0.05), SEEDS, 0);
});

test('latency, other clients, strays, shares, pauses in demand and a missing Retry-After leave the rate near its best', () => {
  assertBars(matrix.oddRows(), [1001], 0);
});

test('1, 4 and 16 workers use the same limit to within 3 points', () => {
  for (const row of matrix.steadyRows([20, 100])) {
    const used = matrix.WORKERS.map((workers) => {
      const seconds = simulateFleet(LEARNED_QUOTA, { ...row.scenario, workers, seed: 1001 });
      const settled = seconds.slice(matrix.SETTLED_S);
      return settled.reduce((sum, second) => sum + second.accepted / second.limit, 0) / settled.length;
    });
    const apart = Math.max(...used) - Math.min(...used);
    assert.ok(apart <= 0.03, `${row.name}: ${used.map((share) => share.toFixed(3)).join(', ')}`);
  }
});

test('the configured maximum is kept to the call', () => {
  const rateMax = 7;
  const scenario = matrix.makeScenario({ limit: { rate: 500 }, settings: { rateMax }, untilS: 120 });
  const seconds = simulateFleet(LEARNED_QUOTA, scenario).slice(5, 115);
  const calls = seconds.reduce((sum, second) => sum + second.accepted, 0);
  assert.ok(calls <= rateMax * seconds.length + 1 && calls >= rateMax * seconds.length * 0.98, `${calls}`);
});

test('the bars are not reached by holding the initial rate: the matrix tells controllers apart', () => {
  const idle: Controller = {
    ...LEARNED_QUOTA,
    learn: (bucket, _settings, nowMs) => ({
      memory: '',
      intervalUs: bucket.intervalUs,
      learnAtMs: nowMs + 1000,
      closedUntilMs: 0,
    }),
  };
  for (const row of matrix.steadyRows([100])) assert.ok(runRow(idle, row, [1001]).every((result) => result.missed));
});
