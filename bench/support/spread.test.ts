import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratioOf, spreadOf } from './spread.ts';

test('the median of an odd number of rounds is the middle one, of an even number the mean of the middle two', () => {
  assert.deepEqual(spreadOf([9, 1, 5]), { median: 5, min: 1, max: 9 });
  assert.deepEqual(spreadOf([10, 2, 4, 8]), { median: 6, min: 2, max: 10 });
});

test('a ratio is made round by round: a busy minute that halves both sides does not move it', () => {
  assert.deepEqual(ratioOf([10, 5, 10], [20, 10, 20]), { median: 0.5, min: 0.5, max: 0.5 });
});

test('sides with different numbers of rounds have no ratio', () => {
  assert.throws(() => ratioOf([1, 2], [1]), /2 rounds beside 1/);
});
