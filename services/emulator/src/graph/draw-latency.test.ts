import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../random.ts';
import { drawLatency, latencyMaxOf } from './draw-latency.ts';

const draws = (latency: Parameters<typeof drawLatency>[0], seed = 1) => {
  const random = seededRandom(seed);
  return Array.from({ length: 20_000 }, () => drawLatency(latency, random)).sort((a, b) => a - b);
};

test('between two bounds latencies are spread evenly', () => {
  const sorted = draws([50, 150]);
  assert.ok(sorted[0]! >= 50 && sorted.at(-1)! <= 150);
  assert.ok(Math.abs(sorted[10_000]! - 100) < 3);
});

test('a log-normal latency has the named median and 99th percentile, a long tail and an end', () => {
  const sorted = draws({ p50: 80, p99: 900 });
  assert.ok(Math.abs(sorted[10_000]! - 80) < 4, `${sorted[10_000]}`);
  assert.ok(Math.abs(sorted[19_800]! - 900) < 120, `${sorted[19_800]}`);
  assert.ok(sorted.at(-1)! > 1500 && sorted.at(-1)! <= 9000);
  assert.deepEqual(draws({ p50: 80, p99: 900 }), sorted, 'a seed gives the same latencies');
  assert.notDeepEqual(draws({ p50: 80, p99: 900 }, 2), sorted);
});

test('a latency without spread, or of nothing, is exact', () => {
  assert.deepEqual(new Set(draws({ p50: 20, p99: 20 }).map(Math.round)), new Set([20]));
  assert.deepEqual(new Set(draws({ p50: 0, p99: 100 })), new Set([0]));
  assert.deepEqual([latencyMaxOf([1, 7]), latencyMaxOf({ p50: 1, p99: 9 })], [7, 9]);
});
