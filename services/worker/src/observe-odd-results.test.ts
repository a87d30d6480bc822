import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReply } from '@sluice/core';
import { makeEntries } from '@sluice/testing';
import { observeOddResults } from './observe-odd-results.ts';

const ENTRIES = makeEntries(4);
const result = (n: number, error: unknown) => {
  return { type: 'viewed', startDateTime: new Date(1_767_225_600_000 + n).toISOString(), error };
};

function outcomeOf(value: readonly unknown[]) {
  const headers = { retryAfter: null, date: null, requestId: 'r-1', wwwAuthenticate: null };
  const answer = { status: 207, headers, bodyProblem: null, bodyExcerpt: '', durationMs: 1 };
  return readReply({ reply: { kind: 'answered', ...answer, body: { value } }, entries: ENTRIES, nowMs: 0 });
}

function watch() {
  const counted: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const observe = observeOddResults({
    metrics: { resultsOdd: (connection, kind, results) => void counted.push(`${connection} ${kind} ${results}`) },
    logger: { warn: (line: Record<string, unknown>) => void logged.push(line) } as never,
  });
  return { counted, logged, observe };
}

test('a code that no rule names is counted each time and logged once, as it came, whatever its letters', () => {
  const { counted, logged, observe } = watch();
  const error = (code: string) => ({
    code,
    message: 'try the other door',
    target: 'performedBy',
    details: [{ code: 'deep' }],
  });
  for (const code of ['externalDoorClosed', 'EXTERNALDOORCLOSED', 'another'])
    observe('hr', outcomeOf([result(0, error(code)), result(1, null), result(2, error(code)), result(3, null)]), 'r-1');
  assert.deepEqual(counted, ['hr unlisted_code 2', 'hr unlisted_code 2', 'hr unlisted_code 2']);
  assert.deepEqual(
    logged.map(({ code }) => code),
    ['externalDoorClosed', 'another'],
  );
  assert.equal(logged[0]!['error'], JSON.stringify(error('externalDoorClosed')));
  assert.equal(logged[0]!['requestId'], 'r-1');
});

test('what is logged of an error is bounded, and so is the number of codes', () => {
  const { counted, logged, observe } = watch();
  for (let n = 0; n < 300; n++)
    observe('hr', outcomeOf([result(0, { code: `code-${n}`, message: 'x'.repeat(5000) })]), null);
  assert.equal(logged.length, 200);
  assert.ok(logged.every(({ error }) => String(error).length === 1000));
  assert.equal(counted.filter((line) => line === 'hr unlisted_code 1').length, 300);
});

test('a code that a rule names, and an answer as documented, are nothing to tell', () => {
  const { counted, logged, observe } = watch();
  observe(
    'hr',
    outcomeOf([result(0, null), result(1, { code: 'serviceNotAvailable' }), result(2, null), result(3, null)]),
    null,
  );
  assert.deepEqual([counted, logged], [[], []]);
});

test('results that belong to no entry, entries without a result and those that cannot be told apart are counted', () => {
  const { counted, observe } = watch();
  const stranger = { type: 'created', startDateTime: '1999-01-01T00:00:00Z', error: null };
  observe(
    'hr',
    outcomeOf([result(0, null), result(1, null), result(1, { code: 'serviceNotAvailable' }), stranger]),
    null,
  );
  // The first is matched; the second has two results that differ; the third and fourth have none.
  assert.deepEqual(counted, ['hr extra 3', 'hr missing 2', 'hr ambiguous 1']);
});
