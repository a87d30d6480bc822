import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { createHistory, SAMPLE_EVERY_MS, SAMPLES_MAX, SERIES, sampleOf } from './history.ts';

/** What a sample looks at; the rest of a view does not matter here. */
const view = (nowMs: number, parts: Partial<ConnectionView> = {}) =>
  ({
    connectionId: 'hr',
    nowMs,
    pending: 0,
    oldestAcceptedMs: null,
    appended: 0,
    delivered: 0,
    calls: 0,
    leases: 0,
    bucket: null,
    deadLetters: 0,
    parkedEntries: 0,
    ...parts,
  }) as ConnectionView;

test('a sample is taken every five seconds, and rates are between two of them', () => {
  const history = createHistory();
  assert.equal(history.of('hr'), null);
  for (let ms = 1000; ms <= 11_000; ms += 1000) {
    const views = [view(ms, { appended: ms / 10, delivered: ms / 20, pending: ms, oldestAcceptedMs: ms - 2500 })];
    history.add({ nowMs: ms, views });
  }
  const seen = history.of('hr')!;
  assert.deepEqual([seen.sinceMs, seen.timesMs], [1000, [1000, 6000, 11_000]]);
  assert.deepEqual(seen.series.pending, [1000, 6000, 11_000]);
  assert.deepEqual(seen.series.oldestSeconds, [2.5, 2.5, 2.5]);
  assert.deepEqual(seen.series.appendedPerSecond, [null, 100, 100]);
  assert.deepEqual(seen.series.quotaCallsPerSecond, [null, null, null]);
});

test('each series is what its name says, a second or a count; a counter that began anew makes no rate below zero', () => {
  const counts = {
    pending: 1,
    leases: 2,
    deadLetters: 30,
    parkedEntries: 4,
    appended: 110,
    delivered: 230,
    calls: 350,
  };
  const bucket = { intervalUs: 40_000 } as ConnectionView['bucket'];
  const last = { nowMs: 1000, appended: 100, delivered: 200, calls: 300 };
  const sample = sampleOf(view(11_000, { ...counts, oldestAcceptedMs: 4000, bucket }), last);
  assert.deepEqual(Object.fromEntries(SERIES.map((name, n) => [name, sample[n]])), {
    pending: 1,
    oldestSeconds: 7,
    appendedPerSecond: 1,
    deliveredPerSecond: 3,
    callsPerSecond: 5,
    quotaCallsPerSecond: 25,
    callsInFlight: 2,
    deadLetters: 34,
  });
  const anew = sampleOf(view(11_000), last);
  assert.deepEqual(anew, [0, 0, 0, 0, 0, Number.NaN, 0, 0]);
});

test('deliveries and calls are counted from sample to sample, and a connection that is forgotten leaves', () => {
  const history = createHistory();
  for (const n of [0, 1, 2])
    history.add({ nowMs: n * 5000, views: [view(n * 5000, { delivered: n * 10, calls: n * 20 })] });
  assert.deepEqual(history.of('hr')!.series.deliveredPerSecond, [null, 2, 2]);
  assert.deepEqual(history.of('hr')!.series.callsPerSecond, [null, 4, 4]);
  history.add({ nowMs: 15_000, views: [] });
  assert.equal(history.of('hr'), null);
});

test('an hour is kept and no more; a connection that came later was not zero before, it was not there', () => {
  const history = createHistory();
  const last = SAMPLES_MAX + 10;
  for (let n = 0; n <= last; n++) {
    const nowMs = n * SAMPLE_EVERY_MS;
    const late = n < last ? [] : [view(nowMs, { connectionId: 'late', pending: 7 })];
    history.add({ nowMs, views: [view(nowMs, { pending: n }), ...late] });
  }
  const old = history.of('hr')!;
  assert.equal(old.timesMs.length, SAMPLES_MAX);
  assert.deepEqual(
    [old.sinceMs, old.timesMs[0], old.timesMs.at(-1)],
    [0, 11 * SAMPLE_EVERY_MS, last * SAMPLE_EVERY_MS],
  );
  assert.deepEqual([old.series.pending[0], old.series.pending.at(-1)], [11, last]);
  const late = history.of('late')!;
  assert.deepEqual([late.series.pending.at(-2), late.series.pending.at(-1)], [null, 7]);
});

test('a console that starts goes on where others were: their samples first, those of the last hour, then its own', () => {
  const history = createHistory();
  const nowMs = 10_000_000;
  const sample = (atMs: number, pending: number | null) => ({
    atMs,
    of: new Map([['hr', [pending, 0, 0, 0, 0, 0, 0, 0]]]),
    counters: new Map([['hr', { nowMs: atMs, appended: 100, delivered: 0, calls: 0 }]]),
  });
  const hourAgo = nowMs - SAMPLES_MAX * SAMPLE_EVERY_MS;
  history.begin(
    [sample(hourAgo - 1, 1), sample(nowMs - 60_000, 2), sample(nowMs - 30_000, null), sample(nowMs + 5, 9)],
    nowMs,
  );
  history.add({ nowMs, views: [view(nowMs, { pending: 3, appended: 160 })] });
  const { sinceMs, timesMs, series } = history.of('hr')!;
  assert.deepEqual([sinceMs, timesMs], [nowMs - 60_000, [nowMs - 60_000, nowMs - 30_000, nowMs]]);
  assert.deepEqual(series.pending, [2, null, 3]);
  assert.equal(series.appendedPerSecond.at(-1), 2, 'since the last sample of another');
  history.begin([sample(nowMs - 10_000, 7)], nowMs);
  assert.equal(history.of('hr')!.timesMs.length, 3, 'only at the beginning');
  for (let n = 1; n <= SAMPLES_MAX; n++) {
    const at = nowMs + n * SAMPLE_EVERY_MS;
    history.add({ nowMs: at, views: [view(at)] });
  }
  assert.equal(history.of('hr')!.timesMs[0], nowMs + SAMPLE_EVERY_MS, 'an hour of them');
});
