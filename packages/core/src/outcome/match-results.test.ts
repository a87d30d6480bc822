import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTIVITY_TYPES, type Activity } from '../activity/activity.ts';
import { encodeEntry } from '../activity/entry.ts';
import { formatInstant } from '../activity/instant.ts';
import { matchResults, RESULT_AMBIGUOUS, RESULT_MISSING } from './match-results.ts';

const START = Date.parse('2021-04-06T18:04:31.033Z');

function activity(type: Activity['type'], startMs = START, id = 'p'): Activity {
  return { type, startMs, performedBy: { type: 'user', id } };
}

function entryOf(one: Activity): string {
  return encodeEntry(one, 0, null);
}

function resultOf(one: Activity, echo: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: one.type, startDateTime: formatInstant(one.startMs), error: null, ...echo };
}

test('results in the order of the entries are matched by position', () => {
  const sent = [activity('viewed'), activity('created'), activity('viewed', START + 1)];
  assert.deepEqual(
    matchResults(
      sent.map(entryOf),
      sent.map((one) => resultOf(one)),
    ),
    [0, 1, 2],
  );
});

test('equal pairs are still matched by position when every position agrees', () => {
  const sent = [activity('viewed', START, 'a'), activity('viewed', START, 'b')];
  assert.deepEqual(
    matchResults(
      sent.map(entryOf),
      sent.map((one) => resultOf(one)),
    ),
    [0, 1],
  );
});

test('results in another order, with instants written otherwise, are matched by type and instant', () => {
  const sent = [activity('viewed', Date.parse('2021-04-06T18:05:00Z')), activity('created')];
  const results = [
    { type: 'created', startDateTime: '2021-04-06T18:04:31.0330000Z', error: null },
    { type: 'viewed', startDateTime: '2021-04-06T20:05:00+02:00', error: null },
  ];
  assert.deepEqual(matchResults(sent.map(entryOf), results), [1, 0]);
});

test('a short answer leaves the others without a result', () => {
  const sent = [activity('viewed'), activity('created'), activity('modified')];
  assert.deepEqual(matchResults(sent.map(entryOf), [resultOf(sent[1]!)]), [RESULT_MISSING, 0, RESULT_MISSING]);
});

test('a long answer is matched, and what nobody sent belongs to nobody', () => {
  const sent = [activity('viewed')];
  assert.deepEqual(matchResults(sent.map(entryOf), [resultOf(activity('created')), resultOf(sent[0]!)]), [1]);
});

test('a repeated result is one result as long as both say the same, and else ambiguous', () => {
  const sent = [activity('viewed'), activity('created'), activity('modified')];
  const [viewed, created] = [resultOf(sent[0]!), resultOf(sent[1]!)];
  const busy = { ...viewed, error: { code: 'serviceBusy', message: 'first' } };
  const match = (results: readonly unknown[]) => matchResults(sent.map(entryOf), results);
  assert.deepEqual(match([viewed, created, viewed]), [0, 1, RESULT_MISSING]);
  assert.deepEqual(match([busy, { ...busy, error: { code: 'serviceBusy' } }, created]), [0, 2, RESULT_MISSING]);
  assert.deepEqual(match([viewed, busy, created]), [RESULT_AMBIGUOUS, 2, RESULT_MISSING]);
  const other = { ...busy, error: { code: 'invalidRequest' } };
  assert.deepEqual(match([busy, other, created]), [RESULT_AMBIGUOUS, 2, RESULT_MISSING]);
});

test('results without any echo are taken only when there is one for each entry and all are successes', () => {
  const sent = [activity('viewed'), activity('created'), activity('modified')];
  const match = (results: readonly unknown[]) => matchResults(sent.map(entryOf), results);
  const ok = { error: null };
  assert.deepEqual(match([ok, ok, ok]), [0, 1, 2]);
  assert.deepEqual(match([ok, resultOf(sent[0]!), ok]), [1, 0, 2]);
  assert.deepEqual(match([ok, ok]), [RESULT_MISSING, RESULT_MISSING, RESULT_MISSING]);
  assert.deepEqual(match([ok, ok, { error: { code: 'x' } }]), [RESULT_MISSING, RESULT_MISSING, RESULT_MISSING]);
  assert.deepEqual(match([{}, {}, {}]), [RESULT_MISSING, RESULT_MISSING, RESULT_MISSING]);
  const stranger = resultOf(activity('commented', START + 9));
  assert.deepEqual(match([ok, ok, stranger]), [RESULT_MISSING, RESULT_MISSING, RESULT_MISSING]);
});

test('an echo in other letters, or without a zone, is still an echo', () => {
  const sent = [activity('viewed'), activity('created')];
  const results = [
    { type: 'Created', startDateTime: '2021-04-06T18:04:31.033', error: null },
    { type: 'VIEWED', startDateTime: '2021-04-06T18:04:31.0330000+00:00', error: null },
  ];
  assert.deepEqual(matchResults(sent.map(entryOf), results), [1, 0]);
});

test('equal pairs out of order are told apart by an echoed performer, and by nothing else', () => {
  const sent = [activity('viewed', START, 'A'), activity('viewed', START, 'b'), activity('created')];
  const named = [
    resultOf(sent[2]!),
    resultOf(sent[1]!, { performedBy: { id: 'B' } }),
    resultOf(sent[0]!, { performedBy: { id: 'a' } }),
  ];
  assert.deepEqual(matchResults(sent.map(entryOf), named), [2, 1, 0]);
  const silent = [resultOf(sent[2]!), resultOf(sent[1]!), resultOf(sent[0]!)];
  assert.deepEqual(matchResults(sent.map(entryOf), silent), [RESULT_AMBIGUOUS, RESULT_AMBIGUOUS, 0]);
});

test('a performer that is there twice on either side tells nothing apart', () => {
  const [a, b] = [activity('viewed', START, 'a'), activity('viewed', START, 'b')];
  const echo = (id: string) => resultOf(a, { performedBy: { id } });
  assert.deepEqual(matchResults([a, b].map(entryOf), [echo('b'), echo('a'), echo('a')]), [RESULT_AMBIGUOUS, 0]);
  assert.deepEqual(matchResults([a, a, b].map(entryOf), [echo('b'), echo('a')]), [
    RESULT_AMBIGUOUS,
    RESULT_AMBIGUOUS,
    0,
  ]);
});

test('results that are no results match nothing', () => {
  const results = [
    null,
    1,
    'viewed',
    [],
    {},
    { type: 'viewed' },
    { type: 'viewed', startDateTime: 'today' },
    { type: 1, startDateTime: 2 },
  ];
  assert.deepEqual(matchResults([entryOf(activity('viewed'))], results), [RESULT_MISSING]);
});

const pairs = fc.uniqueArray(fc.tuple(fc.constantFrom(...ACTIVITY_TYPES), fc.integer({ min: 0, max: 30 })), {
  minLength: 1,
  maxLength: 20,
  selector: ([type, offset]) => `${type} ${offset}`,
});

test('of any subset of results in any order, each goes to the entry it echoes, and the others are missing', () => {
  fc.assert(
    fc.property(
      pairs.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all.map((_, index) => index)))),
      ([all, order]) => {
        const sent = all.map(([type, offset]) => activity(type, START + offset));
        const matches = matchResults(
          sent.map(entryOf),
          order.map((index) => resultOf(sent[index]!)),
        );
        assert.deepEqual(
          matches,
          sent.map((_, index) => order.indexOf(index)),
        );
      },
    ),
  );
});

test('whatever Graph sends, no result is given to two entries', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.record({
      type: fc.constantFrom(...ACTIVITY_TYPES),
      startDateTime: fc.integer({ min: 0, max: 3 }).map((offset) => formatInstant(START + offset)),
      performedBy: fc.option(fc.record({ id: fc.constantFrom('a', 'b') })),
    }),
  );
  const sent = fc.array(
    fc.tuple(fc.constantFrom(...ACTIVITY_TYPES), fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b')),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(sent, fc.array(anything, { maxLength: 8 }), (parts, results) => {
      const matches = matchResults(
        parts.map(([type, offset, id]) => entryOf(activity(type, START + offset, id))),
        results,
      );
      const given = matches.filter((match) => match >= 0);
      assert.equal(matches.length, parts.length);
      assert.equal(new Set(given).size, given.length);
      assert.ok(given.every((match) => match < results.length));
    }),
  );
});
