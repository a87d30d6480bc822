import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { createRateBook, ratesOf } from './rate-book.ts';

const sample = (nowMs: number, appended: number, delivered: number, calls = 0, leases = 0) => ({
  nowMs,
  appended,
  delivered,
  calls,
  callEntries: calls * 4,
  leases,
  lastCallMs: null,
  isBlocked: false,
});

test('rates are the difference between the first and the last sample, by the store’s clock', () => {
  const rates = ratesOf([sample(1000, 10, 5, 2), sample(3000, 500, 6, 3), sample(6000, 110, 30, 12)]);
  assert.deepEqual(rates, {
    appendedPerSecond: 20,
    deliveredPerSecond: 5,
    callsPerSecond: 2,
    entriesPerCall: 4,
    callSeconds: null,
    lastCallMs: null,
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

test('the last call is remembered for longer than rates are, and none that nobody saw begin is', () => {
  const book = createRateBook();
  const look = (seconds: number, calls: number) =>
    book.add([{ connectionId: 'wiki', ...sample(seconds * 1000, 0, 0, calls) } as unknown as ConnectionView]);
  look(1, 7);
  look(2, 7);
  assert.equal(book.of('wiki')?.lastCallMs, null, 'the seven were before');
  look(3, 8);
  for (let second = 4; second < 120; second++) look(second, 8);
  assert.deepEqual([book.of('wiki')?.lastCallMs, book.of('wiki')?.callsPerSecond], [3000, 0]);
});

test('what goes on again is not measured by the time in which it stood still', () => {
  const book = createRateBook();
  const look = (seconds: number, delivered: number, state: ConnectionView['state']) =>
    book.add([{ connectionId: 'wiki', state, ...sample(seconds * 1000, 0, delivered) } as unknown as ConnectionView]);
  for (let second = 1; second < 20; second++) look(second, 0, 'held');
  assert.equal(book.of('wiki')?.deliveredPerSecond, 0);
  look(20, 0, 'flowing');
  assert.equal(book.of('wiki'), null, 'nothing is known yet');
  look(21, 40, 'flowing');
  assert.equal(book.of('wiki')?.deliveredPerSecond, 40);
});

test('rates are those of the last half minute, and none are left of a connection that is gone', () => {
  const book = createRateBook();
  const look = (seconds: number, appended: number) =>
    book.add([{ connectionId: 'wiki', ...sample(seconds * 1000, appended, 0) } as unknown as ConnectionView]);
  for (let second = 0; second <= 100; second++) look(second, second <= 60 ? second * 50 : 3000);
  assert.equal(book.of('wiki')?.appendedPerSecond, 0, 'of the time before nothing counts');
  look(101, 3029);
  assert.equal(book.of('wiki')?.appendedPerSecond, 1, '29 in the 29 seconds between the first and the last sample');
  book.add([]);
  assert.equal(book.of('wiki'), null);
});
