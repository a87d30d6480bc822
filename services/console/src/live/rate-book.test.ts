import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratesOf } from './rate-book.ts';

const sample = (nowMs: number, appended: number, delivered: number, calls = 0, leases = 0) => ({
  nowMs,
  appended,
  delivered,
  calls,
  callEntries: calls * 4,
  leases,
});

test('rates are the difference between the first and the last sample, by the store’s clock', () => {
  const rates = ratesOf([sample(1000, 10, 0), sample(3000, 500, 1), sample(6000, 110, 25, 10)]);
  assert.deepEqual(rates, {
    appendedPerSecond: 20,
    deliveredPerSecond: 5,
    callsPerSecond: 2,
    entriesPerCall: 4,
    callSeconds: null,
  });
});

test('a call takes as long as calls in flight and calls a second say together, once there are enough of them', () => {
  const inFlight = [2, 4, 3, 3, 3];
  const samples = inFlight.map((leases, n) => sample(1000 + n * 2000, 0, 0, n * 50, leases));
  assert.equal(ratesOf(samples)?.callSeconds, 3 / 25);
  assert.equal(ratesOf(samples.slice(1))?.callSeconds, null);
});

test('there are no rates before a second sample', () => {
  assert.equal(ratesOf([]), null);
  assert.equal(ratesOf([sample(1000, 10, 0)]), null);
  assert.equal(ratesOf([sample(1000, 10, 0), sample(1000, 11, 0)]), null);
});
