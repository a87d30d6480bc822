import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkShape, type ShapeLimits } from './check-shape.ts';

const LIMITS: ShapeLimits = { depthMax: 16, membersMax: 256, valuesMax: 200_000 };

function shapeOf(value: unknown): { depth: number; members: number; values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, members: 0, values: 0 };
  const inner = Object.values(value).map(shapeOf);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    members: Math.max(Array.isArray(value) ? 0 : inner.length, ...inner.map(({ members }) => members)),
    values: 1 + Math.max(0, inner.length - 1) + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

test('the shape of any JSON is measured as its value has it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), fc.boolean(), (value, spaced) => {
      const json = Buffer.from(JSON.stringify(value, null, spaced ? 2 : 0));
      const { depth, members, values } = shapeOf(value);
      assert.equal(checkShape(json, { depthMax: depth, membersMax: Math.max(1, members), valuesMax: values }), null);
      if (depth > 0) {
        assert.equal(checkShape(json, { ...LIMITS, depthMax: depth - 1 }), 'deep');
        assert.equal(checkShape(json, { ...LIMITS, valuesMax: values - 1 }), 'many');
      }
      if (members > 1) assert.equal(checkShape(json, { ...LIMITS, membersMax: members - 1 }), 'wide');
    }),
    { numRuns: 500 },
  );
});

test('brackets, commas and quotes inside strings do not count', () => {
  const tricky = Buffer.from(JSON.stringify({ a: '[[[[{{{{"\\"[[,,,', 'b\\': ['}}}},,'] }));
  assert.equal(checkShape(tricky, { depthMax: 2, membersMax: 2, valuesMax: 3 }), null);
  assert.equal(checkShape(tricky, { depthMax: 1, membersMax: 2, valuesMax: 3 }), 'deep');
});

test('a long list is bounded by its values, an object by its members', () => {
  assert.equal(checkShape(Buffer.from(JSON.stringify(Array(5000).fill(1))), LIMITS), null);
  assert.equal(checkShape(Buffer.from(JSON.stringify(Array(200_001).fill(1))), LIMITS), 'many');
  const object = (members: number) =>
    Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, n) => [n, 1]))));
  assert.equal(checkShape(object(256), LIMITS), null);
  assert.equal(checkShape(object(257), LIMITS), 'wide');
});

test('text that is not JSON is read to its end', () => {
  for (const text of ['"', '"\\', '[', ']]]]', '{"a', '\\"[', '', '}}}}[[', ',,,']) {
    assert.equal(checkShape(Buffer.from(text), { ...LIMITS, depthMax: 5 }), null);
  }
});
