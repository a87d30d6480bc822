import assert from 'node:assert/strict';
import test from 'node:test';
import { planRestart } from './plan-restart.ts';

test('a crash is answered by a start after a pause that grows', () => {
  assert.deepEqual(planRestart(1, [1000], 1000), { kind: 'restart', delayMs: 250 });
  assert.deepEqual(planRestart(null, [1000, 2000, 3000], 3000), { kind: 'restart', delayMs: 1000 });
});

test('five starts within a minute, and no sixth', () => {
  const crashes = [0, 1, 2, 3, 4].map((n) => 10_000 + n);
  assert.equal(planRestart(1, crashes, 10_004).kind, 'restart');
  assert.deepEqual(planRestart(1, [...crashes, 20_000], 20_000), { kind: 'give-up', why: 'too-often' });
});

test('crashes of an earlier minute do not count', () => {
  const crashes = [0, 1, 2, 3, 4, 100_000];
  assert.deepEqual(planRestart(1, crashes, 100_000), { kind: 'restart', delayMs: 250 });
});

test('a wrong configuration is not tried twice', () => {
  assert.deepEqual(planRestart(78, [0], 0), { kind: 'give-up', why: 'configuration' });
});
