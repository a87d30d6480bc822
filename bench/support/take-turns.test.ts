import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeTurns } from './take-turns.ts';

test('sides take turns, and the first time is not kept', async () => {
  const log: string[] = [];
  const told: string[] = [];
  let nth = 0;
  const sides = ['A', 'B'].map((name) => ({
    name,
    run: async ({ counted }: { counted: boolean }) => {
      log.push(counted ? name : `${name} warms up`);
      return nth++;
    },
  }));
  const tell = (round: string, results: readonly number[]) => told.push(`${round}: ${results}`);
  const kept = await takeTurns(sides, { rounds: 2, tell });
  assert.deepEqual(log, ['A warms up', 'B warms up', 'A', 'B', 'A', 'B']);
  assert.deepEqual(kept, [
    [2, 4],
    [3, 5],
  ]);
  assert.deepEqual(told, ['round 1 of 2: 2,3', 'round 2 of 2: 4,5']);
});

test('a disturbed round is played again by all sides, and only so often', async () => {
  const told: string[] = [];
  let nth = 0;
  const sides = [{ name: 'A', run: async () => nth++ }];
  const kept = await takeTurns(sides, {
    rounds: 3,
    tell: (round, results) => told.push(`${round}: ${results}`),
    isDisturbed: ([result]) => result !== 1,
    repeatsMax: 2,
  });
  assert.deepEqual(kept, [[1, 4, 5]]);
  assert.deepEqual(told, [
    'round 1 of 3: 1',
    'round 2 of 3, disturbed: 2',
    'round 2 of 3, disturbed: 3',
    'round 2 of 3: 4',
    'round 3 of 3: 5',
  ]);
});
