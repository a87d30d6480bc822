import assert from 'node:assert/strict';
import test from 'node:test';
import { formatTotals, rateMeter, type Totals } from './totals.ts';

const totals = (delivered: number | null): Totals => ({
  accepted: 1234,
  delivered,
  pending: 5,
  calls: 7,
  taken: 6,
  fill: 3.456,
});

test('one line, and what is not known is left out', () => {
  assert.equal(
    formatTotals({ ...totals(1000), rate: 249.6 }),
    'accepted 1,234  delivered 1,000  pending 5  calls 7  fill 3.5  250/s',
  );
  assert.equal(formatTotals({ ...totals(null), fill: null, rate: null }), 'accepted 1,234  pending 5  calls 7');
});

test('the rate is over the last seconds, not over all time', () => {
  const rate = rateMeter(5000);
  assert.equal(rate(totals(0), 0).rate, null);
  assert.equal(rate(totals(100), 1000).rate, 100);
  for (let second = 2; second <= 60; second++) rate(totals(100), second * 1000);
  assert.equal(rate(totals(100), 61_000).rate, 0);
  assert.equal(rate(totals(600), 62_000).rate, 100);
});

test('a count that starts again is no negative rate', () => {
  const rate = rateMeter(5000);
  rate(totals(500), 0);
  assert.equal(rate(totals(3), 1000).rate, 0);
});
