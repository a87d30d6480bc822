import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GraphCall } from './call.ts';
import { ACTIVITY_ODATA_TYPE, checkActivities } from './check-activities.ts';

const CALL: GraphCall = {
  call: 1,
  arrivedMs: 0,
  requestId: 'r',
  clientRequestId: null,
  version: 'v1.0',
  connection: 'tickets',
  item: 'a1',
  authorization: null,
  host: '',
  contentType: 'application/json; charset=utf-8',
  contentEncoding: null,
};
const ACTIVITY = {
  '@odata.type': ACTIVITY_ODATA_TYPE,
  type: 'created',
  startDateTime: '2021-04-06T18:04:31.033Z',
  performedBy: { type: 'user', id: '1f0c997e-99f7-43f1-8cca-086f8d42be8d' },
};

function check(body: unknown, call: Partial<GraphCall> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return checkActivities({ ...CALL, ...call }, Buffer.from(text));
}

function refusal(body: unknown, call: Partial<GraphCall> = {}) {
  const verdict = check(body, call);
  assert.ok('refusal' in verdict, 'it was accepted');
  return verdict.refusal;
}

const activities = (...each: unknown[]) => ({ activities: each });
const times = (count: number) => ({ activities: new Array<unknown>(count).fill(ACTIVITY) });

test('1 to 20 whole activities are taken', () => {
  for (const count of [1, 20]) assert.ok('activities' in check(times(count)));
});

test('annotations, a null-free id and an annotated performer are taken', () => {
  const performedBy = { ...ACTIVITY.performedBy, '@odata.type': '#microsoft.graph.externalConnectors.identity' };
  assert.ok('activities' in check({ '@odata.context': 'x', activities: [{ ...ACTIVITY, id: '1', performedBy }] }));
});

test('none, and more than 20, are refused by name of the rule', () => {
  assert.match(refusal(activities()).text, /must not be empty/);
  assert.deepEqual(
    [refusal(times(21)).status, refusal(times(21)).code, refusal(times(21)).text],
    [400, 'invalidRequest', 'At most 20 activities a call; there are 21.'],
  );
});

test('a missing @odata.type refuses the whole call with InvalidRequest and the position', () => {
  const { '@odata.type': _, ...bare } = ACTIVITY;
  const { status, code, text } = refusal(activities(ACTIVITY, bare));
  assert.deepEqual([status, code], [400, 'InvalidRequest']);
  assert.match(text, /^activities\[1\]: the property '@odata.type'/);
});

const BAD: readonly (readonly [string, object])[] = [
  ['a type in capitals', { type: 'Viewed' }],
  ['the sentinel type', { type: 'unknownFutureValue' }],
  ['a start without seconds', { startDateTime: '2021-04-06T18:04Z' }],
  ['a start without zone', { startDateTime: '2021-04-06T18:04:31' }],
  ['a leap second', { startDateTime: '2021-04-06T18:04:60Z' }],
  ['13 fraction digits', { startDateTime: '2021-04-06T18:04:31.1234567890123Z' }],
  ['a day that the month does not have', { startDateTime: '2021-02-29T00:00:00Z' }],
  ['the year 0', { startDateTime: '0000-01-01T00:00:00Z' }],
  ['the year 10000', { startDateTime: '10000-01-01T00:00:00Z' }],
  ['a number for a start', { startDateTime: 5 }],
  ['no performer', { performedBy: null }],
  ['a performer in the prose spelling', { performedBy: { type: 'externalgroup', id: 'x' } }],
  ['a performer without id', { performedBy: { type: 'user', id: '' } }],
  ['a performer with a name', { performedBy: { type: 'user', id: 'x', displayName: 'X' } }],
  ['a property of no type', { actor: 'x' }],
];
for (const [what, over] of BAD) {
  test(`${what} is refused`, () => {
    assert.equal(refusal(activities({ ...ACTIVITY, ...over })).status, 400);
  });
}

test('dates that the calendar has are taken', () => {
  for (const startDateTime of [
    '2024-02-29T00:00:00Z',
    '2000-02-29T23:59:59.123456789012+14:00',
    '9999-12-31T00:00:00-00:00',
  ]) {
    assert.ok('activities' in check(activities({ ...ACTIVITY, startDateTime })), startDateTime);
  }
});

test('what is no JSON object with a list of activities is refused', () => {
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '{"activities":{}}',
    '{}',
    '{"activities":[null]}',
    '{"activities":[],"x":1}',
  ]) {
    assert.equal(refusal(body).status, 400, body);
  }
});

test('the content type must be there and be JSON, and the content not encoded', () => {
  assert.equal(refusal(times(1), { contentType: null }).status, 400);
  assert.equal(refusal(times(1), { contentType: 'text/plain' }).status, 415);
  assert.equal(refusal(times(1), { contentType: 'application/jsonx' }).status, 415);
  assert.equal(refusal(times(1), { contentEncoding: 'gzip' }).status, 415);
});

test('a body over 4 MB is answered 413', () => {
  const verdict = checkActivities(CALL, 'too-large');
  assert.ok('refusal' in verdict);
  assert.equal(verdict.refusal.status, 413);
});
