import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BodyRules, checkBody } from './check-body.ts';
import { BODY_REFUSALS, type BodyRefusalCode } from './rejection.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const RULES: BodyRules = { performerIds: 'object-id', activityBytesMax: 4096, activitiesMax: 5000 };
const VALID = { type: 'viewed', startDateTime: '2026-01-31T13:45:00Z', performedBy: { type: 'user', id: GUID } };
const ACTIVITY = { type: 'viewed', startMs: Date.UTC(2026, 0, 31, 13, 45), performedBy: { type: 'user', id: GUID } };

function refused(body: unknown, itemId: string | null, code: BodyRefusalCode, pointer: string): string {
  const checked = checkBody(body, itemId, RULES);
  assert.ok(!checked.ok, JSON.stringify(checked));
  assert.deepEqual([checked.code, checked.pointer], [code, pointer]);
  assert.ok(checked.message.startsWith(BODY_REFUSALS[code]));
  return checked.message;
}

function taken(body: unknown, itemId: string | null) {
  const checked = checkBody(body, itemId, RULES);
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked;
}

test('one activity is the body itself, on an item only', () => {
  assert.deepEqual(taken(VALID, 'a1'), {
    ok: true,
    accepted: [{ index: 0, itemId: 'a1', activity: ACTIVITY, id: null }],
    duplicates: 0,
    rejected: [],
  });
  assert.deepEqual(taken({ ...VALID, activities: null }, 'a1').accepted.length, 1);
  assert.match(refused(VALID, null, 'no_activities', '#'), /no activity/);
  const wrong = taken({ ...VALID, type: 'Viewed' }, 'a1');
  assert.deepEqual(
    wrong.rejected.map(({ index, pointer, code }) => ({ index, pointer, code })),
    [{ index: 0, pointer: '#/type', code: 'type_unknown' }],
  );
});

test('a list keeps the order; one bad activity costs nobody else their place', () => {
  const body = {
    '@odata.context': 'x',
    nothing: null,
    activities: [
      { ...VALID, itemId: 'b' },
      { ...VALID, itemId: 'a', startDateTime: 'x' },
      7,
      { ...VALID, itemId: 'a' },
    ],
  };
  const checked = taken(body, null);
  assert.deepEqual(
    checked.accepted.map(({ index, itemId }) => [index, itemId]),
    [
      [0, 'b'],
      [3, 'a'],
    ],
  );
  assert.deepEqual(
    checked.rejected.map(({ index, pointer, code }) => [index, pointer, code]),
    [
      [1, '#/activities/1/startDateTime', 'start_not_rfc3339'],
      [2, '#/activities/2', 'activity_not_object'],
    ],
  );
  assert.deepEqual(taken({ activities: [VALID, VALID] }, 'a1').accepted.length, 2);
});

test('the same id on the same item is taken once; on another item, or without an id, as often as it comes', () => {
  const on = (itemId: string, id?: string) => ({ ...VALID, itemId, ...(id && { id }) });
  const checked = taken(
    {
      activities: [
        on('a', 'x'),
        on('b', 'x'),
        on('a', 'x'),
        on('a', 'y'),
        on('a'),
        on('a'),
        on('a', 'x'),
        on('a', 'a x'),
        on('a-a', 'x'),
      ],
    },
    null,
  );
  assert.deepEqual(
    checked.accepted.map(({ index }) => index),
    [0, 1, 3, 4, 5, 7, 8],
  );
  assert.equal(checked.duplicates, 2);
  assert.equal(taken({ activities: [on('ab', 'x'), on('a', 'bx')] }, null).duplicates, 0);
  const invalid = taken({ activities: [{ ...on('a', 'x'), type: 'x' }, on('a', 'x')] }, null);
  assert.deepEqual([invalid.accepted.length, invalid.duplicates], [1, 0], 'a refused activity does not use its id up');
});

test('bodies that are refused as a whole say why', () => {
  for (const body of [null, undefined, 1, 'x', true]) refused(body, 'a1', 'body_not_object', '#');
  assert.match(refused([VALID], 'a1', 'body_not_object', '#'), /\{"activities":\[…\]\}/);
  for (const itemId of ['a1', null]) {
    refused({}, itemId, 'no_activities', '#');
    refused({ activities: null }, itemId, 'no_activities', '#');
    refused({ activities: [] }, itemId, 'no_activities', '#/activities');
    refused({ activities: {} }, itemId, 'activities_not_list', '#/activities');
    refused({ activities: [VALID], itemId: 'a' }, itemId, 'body_member_unknown', '#/itemId');
    const beyond = { activities: [VALID], '@odata.count': Number.POSITIVE_INFINITY };
    refused(beyond, itemId, 'body_number_out_of_range', '#/%40odata.count');
  }
});

test('5,000 activities are taken, one more is too many', () => {
  const list = (n: number) => ({ activities: Array.from({ length: n }, () => VALID) });
  assert.equal(taken(list(5000), 'a1').accepted.length, 5000);
  assert.match(refused(list(5001), 'a1', 'too_many_activities', '#/activities'), /5001 came, 5000 are taken/);
});

test('accepted, duplicates and rejected are what was sent, each index once', () => {
  const one = fc.record({
    id: fc.constantFrom('x', 'y', null),
    itemId: fc.constantFrom('a', 'b', '..'),
    type: fc.constantFrom('viewed', 'view'),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 60 }), (list) => {
      const checked = taken({ activities: list.map((parts) => ({ ...VALID, ...parts })) }, null);
      assert.equal(checked.accepted.length + checked.duplicates + checked.rejected.length, list.length);
      const indexes = [...checked.accepted, ...checked.rejected].map(({ index }) => index);
      assert.equal(new Set(indexes).size, indexes.length);
    }),
  );
});
