import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatInstant, INSTANT_MS_MAX, INSTANT_MS_MIN, parseInstant } from '../activity/instant.ts';
import { readStart } from './read-start.ts';

test('every instant in the two common forms is read to its millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: INSTANT_MS_MIN, max: INSTANT_MS_MAX }), (ms) => {
      const text = formatInstant(ms);
      assert.equal(readStart(text), ms);
      const second = Math.floor(ms / 1000) * 1000;
      assert.equal(readStart(text.replace(/\.\d{3}Z/, 'Z')), second);
    }),
    { numRuns: 2000 },
  );
});

test('every text gets the same answer as from the slow reader', () => {
  const near = fc
    .tuple(
      fc.integer({ min: INSTANT_MS_MIN, max: INSTANT_MS_MAX }),
      fc.boolean(),
      fc.nat(23),
      fc.constantFrom(...'0123456789:-TZtz. +a/\u0660'),
    )
    .map(([ms, short, at, character]) => {
      const text = short ? formatInstant(ms).replace(/\.\d{3}Z/, 'Z') : formatInstant(ms);
      return text.slice(0, at) + character + text.slice(at + 1);
    });
  fc.assert(
    fc.property(fc.oneof(near, near, fc.string({ minLength: 20, maxLength: 24 }), fc.string()), (text) => {
      assert.equal(readStart(text), parseInstant(text));
    }),
    { numRuns: 5000 },
  );
});

test('days that do not exist are out of range', () => {
  for (const text of [
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00.000Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
  ]) {
    assert.equal(readStart(text), 'range', text);
  }
  assert.equal(readStart('2024-02-29T00:00:00Z'), parseInstant('2024-02-29T00:00:00+00:00'));
});
