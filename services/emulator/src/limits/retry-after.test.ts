import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRetryAfter } from './retry-after.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00.900Z');
const format = (shape: string, waitMs: number) => formatRetryAfter({ shape, waitMs, nowMs: NOW_MS });

test('seconds are whole, rounded up, at least one', () => {
  assert.equal(format('seconds', 1), '1');
  assert.equal(format('seconds', 1000), '1');
  assert.equal(format('seconds', 1000.1), '2');
});

test('decimals are exact to the millisecond, rounded up', () => {
  assert.equal(format('decimal', 0.2), '0.001');
  assert.equal(format('decimal', 2127.4), '2.128');
});

test('a date counts from the whole second that the Date header shows', () => {
  assert.equal(format('date', 1500), 'Thu, 01 Jan 2026 00:00:02 GMT');
});

test('absent is no header, and any other text is sent as it is', () => {
  assert.equal(format('absent', 1500), null);
  assert.equal(format('-5', 1500), '-5');
  assert.equal(format('soon', 1500), 'soon');
});
