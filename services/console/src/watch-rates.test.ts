import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesOf } from './watch-rates.ts';

const sample = (nowMs: number, appended: number, delivered: number) => ({ nowMs, appended, delivered });

test('rates are the difference between the first and the last sample, by the store’s clock', () => {
  const rates = ratesOf([sample(1000, 10, 0), sample(3000, 500, 1), sample(6000, 110, 25)]);
  assert.deepEqual(rates, { appendedPerSecond: 20, deliveredPerSecond: 5 });
});

test('there are no rates before a second sample', () => {
  assert.equal(ratesOf([]), null);
  assert.equal(ratesOf([sample(1000, 10, 0)]), null);
  assert.equal(ratesOf([sample(1000, 10, 0), sample(1000, 11, 0)]), null);
});
