import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter, retryDelayMs } from './retry.ts';

test('Retry-After is seconds, decimals, or a date; what cannot be read is none', () => {
  const now = Date.UTC(2026, 0, 1);
  const read = (value: string | null) => parseRetryAfter(value, now);
  assert.deepEqual(['3', ' 0.5 ', 'Thu, 01 Jan 2026 00:01:00 GMT'].map(read), [3000, 500, 60_000]);
  assert.deepEqual([null, '', 'soon', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT'].map(read), [0, 0, 0, 0, 0]);
});

test('full jitter below a cap that grows, above Retry-After', () => {
  const backoff = (random: number) => ({ retryBaseMs: 100, retryCapMs: 1000, random: () => random });
  const at = (tries: number, random: number, retryAfterMs = 0) =>
    retryDelayMs({ tries, retryAfterMs }, backoff(random));
  assert.deepEqual([at(1, 0), at(1, 0.5), at(3, 0.5), at(50, 0.5)], [0, 50, 200, 500]);
  assert.deepEqual([at(1, 0, 3000), at(50, 0.999, 3000)], [3000, 3999]);
});
