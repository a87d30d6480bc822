import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDeeperThan } from './measure-depth.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('the depth of any JSON is measured as its value has it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), fc.boolean(), (value, spaced) => {
      const json = Buffer.from(JSON.stringify(value, null, spaced ? 2 : 0));
      const depth = depthOf(value);
      assert.equal(isDeeperThan(json, depth), false);
      if (depth > 0) assert.equal(isDeeperThan(json, depth - 1), true);
    }),
    { numRuns: 500 },
  );
});

test('brackets and quotes inside strings do not count', () => {
  const tricky = JSON.stringify({ a: '[[[[{{{{"\\"[[', 'b\\': ['}}}}'] });
  assert.equal(isDeeperThan(Buffer.from(tricky), 2), false);
  assert.equal(isDeeperThan(Buffer.from(tricky), 1), true);
});

test('text that is not JSON is read to its end', () => {
  for (const text of ['"', '"\\', '[', ']]]]', '{"a', '\\"[', ''])
    assert.equal(isDeeperThan(Buffer.from(text), 5), false);
});
