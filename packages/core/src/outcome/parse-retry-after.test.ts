import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CLOSE_MS_MAX } from '../limits.ts';
import { parseRetryAfter } from './parse-retry-after.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const context = { date: null, nowMs: NOW };

test('seconds are taken with and without decimals, rounded up to the millisecond', () => {
  for (const [text, ms] of [
    ['10', 10_000],
    ['2.128', 2128],
    ['0.249', 249],
    ['0.124', 124],
    ['315', 315_000],
    ['0', 0],
    ['0.0001', 1],
    [' 1 ', 1000],
  ] as const) {
    assert.equal(parseRetryAfter(text, context), ms, text);
  }
});

test('a date is measured against the Date of the response, not against our clock', () => {
  const date = 'Tue, 24 Nov 2026 11:50:00 GMT';
  assert.equal(parseRetryAfter('Tue, 24 Nov 2026 11:50:07 GMT', { date, nowMs: NOW }), 7000);
  assert.equal(parseRetryAfter('Tue, 24 Nov 2026 12:00:07 GMT', { date: 'nonsense', nowMs: NOW }), 7000);
  assert.equal(parseRetryAfter('Tue, 24 Nov 2026 12:00:07 GMT', context), 7000);
});

test('all three forms of an HTTP date are read', () => {
  for (const text of ['Tue, 24 Nov 2026 12:00:05 GMT', 'Tuesday, 24-Nov-26 12:00:05 GMT', 'Tue Nov 24 12:00:05 2026']) {
    assert.equal(parseRetryAfter(text, context), 5000, text);
  }
  assert.equal(parseRetryAfter('Sun Dec  6 12:00:00 2026', context), CLOSE_MS_MAX);
  assert.equal(parseRetryAfter('Monday, 24-Nov-97 12:00:05 GMT', context), null, 'a year of the past');
});

test('what is absent, negative, past or no time at all is null', () => {
  for (const text of [
    null,
    '',
    '-1',
    '-0.5',
    'NaN',
    'Infinity',
    '1e3',
    '+5',
    'soon',
    '10, 20',
    '0x10',
    'Tue, 24 Nov 2026 11:59:59 GMT',
    'Tue, 31 Feb 2026 12:00:00 GMT',
    'Tue, 24 Foo 2026 12:00:05 GMT',
  ]) {
    assert.equal(parseRetryAfter(text, context), null, String(text));
  }
});

test('an absurd wait is believed only so far', () => {
  assert.equal(parseRetryAfter('999999999999', context), CLOSE_MS_MAX);
  assert.equal(parseRetryAfter('Wed, 21 Oct 2099 07:28:00 GMT', context), CLOSE_MS_MAX);
});

test('whatever the header says, the wait is a whole number within bounds or null', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  );
  fc.assert(
    fc.property(text, fc.option(text), (value, date) => {
      const ms = parseRetryAfter(value, { date, nowMs: NOW });
      assert.ok(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= CLOSE_MS_MAX));
    }),
  );
});

test('seconds are a floor: never less than asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
      const parsed = parseRetryAfter((ms / 1000).toFixed(3), context);
      assert.ok(parsed !== null && parsed >= ms && parsed <= ms + 1);
    }),
  );
});
