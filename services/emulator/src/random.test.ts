import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pickFailing, seededRandom, shuffledPositions } from './random.ts';

const draw = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));

test('the same seed gives the same sequence, another seed another', () => {
  assert.deepEqual(draw(7, 20), draw(7, 20));
  assert.notDeepEqual(draw(7, 20), draw(8, 20));
});

test('draws are spread evenly over 0 to 1', () => {
  const tenths = new Array<number>(10).fill(0);
  for (const value of draw(1, 10_000)) tenths[Math.floor(value * 10)]!++;
  for (const count of tenths) assert.ok(count > 900 && count < 1100, `a tenth of 10,000 draws holds ${count}`);
});

test('a shuffle is a permutation', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(), (count, seed) => {
      const sorted = shuffledPositions(count, seededRandom(seed)).sort((a, b) => a - b);
      assert.deepEqual(sorted, [...Array(count).keys()]);
    }),
  );
});

test('at least one entry of a 207 fails, and never all unless there is only one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (count, seed) => {
      const failing = pickFailing(count, seededRandom(seed));
      assert.ok(failing.size >= 1 && (failing.size < count || count === 1));
      for (const position of failing) assert.ok(position >= 0 && position < count);
    }),
  );
});
