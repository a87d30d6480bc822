import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryAfterS } from './when-again.ts';

test('a refused caller comes again when what is too much has gone', () => {
  assert.equal(retryAfterS({ excess: 1000, perSecond: 100, chance: 0 }), 10);
  assert.equal(retryAfterS({ excess: 1000, perSecond: 100, chance: 1 }), 15);
  assert.equal(retryAfterS({ excess: 1, perSecond: 100, chance: 0 }), 1);
  assert.equal(retryAfterS({ excess: 0, perSecond: 0, chance: 0 }), 1);
  assert.equal(retryAfterS({ excess: 5, perSecond: null, chance: 0 }), 10);
});

test('nothing goes, or next to nothing: at most three minutes', () => {
  assert.equal(retryAfterS({ excess: 5, perSecond: 0, chance: 0 }), 120);
  assert.equal(retryAfterS({ excess: 1e9, perSecond: 1, chance: 1 }), 180);
});

test('whatever was measured, it is a whole number of seconds from 1 to 180', () => {
  const any = fc.double();
  fc.assert(
    fc.property(any, fc.option(any), fc.double({ min: 0, max: 1, noNaN: true }), (excess, perSecond, chance) => {
      const seconds = retryAfterS({ excess, perSecond, chance });
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 180, `${seconds}`);
    }),
  );
});
