import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openRateLimit, type RateSettings } from './rate-limit.ts';

const START_MS = 1_800_000_000_000;
const settings = (over: Partial<RateSettings>): RateSettings => ({
  rate: 10,
  window: 'bucket',
  burst: 10,
  accrueThrottled: false,
  ...over,
});

/** How many of `calls` asked at one moment are taken. */
function takenAt(limit: { take(nowMs: number): number }, nowMs: number, calls: number): number {
  let taken = 0;
  for (let i = 0; i < calls; i++) if (limit.take(nowMs) === 0) taken++;
  return taken;
}

test('no rate takes every call', () => {
  const limit = openRateLimit(settings({ rate: null }), START_MS);
  assert.equal(takenAt(limit, START_MS, 10_000), 10_000);
});

test('a full bucket takes its burst at once and then one call each 1/rate', () => {
  const limit = openRateLimit(settings({ burst: 3 }), START_MS);
  assert.equal(takenAt(limit, START_MS, 5), 3);
  assert.equal(takenAt(limit, START_MS + 99, 1), 0);
  assert.equal(takenAt(limit, START_MS + 100, 2), 1);
  assert.equal(takenAt(limit, START_MS + 60_000, 9), 3, 'it never holds more than the burst');
});

test('a bucket says when a token will be there', () => {
  const limit = openRateLimit(settings({ burst: 1 }), START_MS);
  limit.take(START_MS);
  assert.equal(Math.round(limit.take(START_MS + 30)), 70);
});

test('refused calls that count put a bucket into debt, bounded by the burst', () => {
  const limit = openRateLimit(settings({ burst: 2, accrueThrottled: true }), START_MS);
  assert.equal(takenAt(limit, START_MS, 2), 2);
  assert.equal(Math.round(limit.take(START_MS)), 200, 'one refusal costs a token');
  assert.equal(takenAt(limit, START_MS, 1000), 0);
  assert.equal(Math.round(limit.take(START_MS)), 300, 'the debt ends at the burst');
  assert.equal(takenAt(limit, START_MS + 300, 1), 1);
});

test('a fixed window is aligned to the second and takes rate calls in each', () => {
  const limit = openRateLimit(settings({ window: 'fixed' }), START_MS);
  assert.equal(takenAt(limit, START_MS + 900, 15), 10);
  assert.equal(Math.round(limit.take(START_MS + 900)), 100);
  assert.equal(takenAt(limit, START_MS + 999, 1), 0);
  assert.equal(takenAt(limit, START_MS + 1000, 15), 10);
});

test('refused calls do not change a fixed window', () => {
  const limit = openRateLimit(settings({ window: 'fixed', accrueThrottled: true }), START_MS);
  assert.equal(takenAt(limit, START_MS, 500), 10);
  assert.equal(takenAt(limit, START_MS + 1000, 10), 10);
});

test('a sliding window never holds more than rate calls in any second', () => {
  const limit = openRateLimit(settings({ window: 'sliding' }), START_MS);
  assert.equal(takenAt(limit, START_MS + 900, 6), 6);
  assert.equal(takenAt(limit, START_MS + 1100, 6), 4, 'the six of 200 ms ago still count');
  assert.equal(takenAt(limit, START_MS + 1900, 20), 6);
});

test('refused calls that count keep a sliding window closed', () => {
  const limit = openRateLimit(settings({ window: 'sliding', rate: 2, accrueThrottled: true }), START_MS);
  assert.equal(takenAt(limit, START_MS, 4), 2);
  assert.equal(takenAt(limit, START_MS + 999, 2), 0);
  assert.equal(takenAt(limit, START_MS + 1500, 1), 0, 'the refusals at 999 ms hold it shut');
  assert.equal(takenAt(limit, START_MS + 2499, 1), 1, 'only the one of 1500 ms is left');
});

test('a rate that is not whole is exact in every shape', () => {
  for (const window of ['bucket', 'fixed', 'sliding'] as const) {
    for (const rate of [0.5, 2.5, 7.25]) {
      const limit = openRateLimit(settings({ window, rate, burst: 1 }), START_MS);
      let taken = 0;
      for (let ms = 0; ms < 100_000; ms++) taken += takenAt(limit, START_MS + ms, 1);
      assert.ok(Math.abs(taken - rate * 100) <= rate + 1, `${window} at ${rate}/s took ${taken} in 100 s`);
    }
  }
});

test('after the wait that a refusal names, a call is taken, and not a whole millisecond sooner', () => {
  const shape = fc.record({
    rate: fc.double({ min: 0.2, max: 2000, noNaN: true }),
    window: fc.constantFrom('bucket' as const, 'fixed' as const, 'sliding' as const),
    burst: fc.integer({ min: 1, max: 50 }),
    accrueThrottled: fc.boolean(),
  });
  fc.assert(
    fc.property(shape, fc.array(fc.nat(1500), { maxLength: 80 }), (over, gaps) => {
      const early = openRateLimit(over, START_MS);
      const exact = openRateLimit(over, START_MS);
      let nowMs = START_MS;
      for (const gap of gaps) {
        nowMs += gap;
        early.take(nowMs);
        exact.take(nowMs);
      }
      let waitMs = 0;
      while (waitMs === 0) {
        waitMs = early.take(nowMs);
        exact.take(nowMs);
      }
      if (waitMs > 2) assert.notEqual(early.take(nowMs + Math.floor(waitMs) - 1), 0);
      assert.equal(exact.take(nowMs + Math.ceil(waitMs)), 0);
    }),
  );
});

test('a changed rate of the same shape gives no free burst', () => {
  const before = openRateLimit(settings({ burst: 10 }), START_MS);
  assert.equal(takenAt(before, START_MS, 10), 10);
  const after = openRateLimit(settings({ rate: 50, burst: 10 }), START_MS, before);
  assert.equal(takenAt(after, START_MS, 1), 0);
  assert.equal(takenAt(after, START_MS + 20, 2), 1);

  const window = openRateLimit(settings({ window: 'fixed' }), START_MS);
  takenAt(window, START_MS, 4);
  assert.equal(takenAt(openRateLimit(settings({ window: 'fixed' }), START_MS, window), START_MS, 20), 6);

  const sliding = openRateLimit(settings({ window: 'sliding' }), START_MS);
  takenAt(sliding, START_MS, 4);
  assert.equal(takenAt(openRateLimit(settings({ window: 'sliding', rate: 5 }), START_MS, sliding), START_MS, 9), 1);
});
