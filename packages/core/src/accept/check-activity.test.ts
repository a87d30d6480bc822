import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeEntry, encodeEntry, entryToGraphJson } from '../activity/entry.ts';
import { formatInstant, INSTANT_MS_MAX, INSTANT_MS_MIN } from '../activity/instant.ts';
import { ACTIVITY_BYTES_MAX_MIN, type ActivityRules, checkActivity } from './check-activity.ts';
import { REJECTIONS, type RejectionCode } from './rejection.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const RULES: ActivityRules = { performerIds: 'object-id', activityBytesMax: 4096, itemId: 'absent' };
const VALID = { type: 'viewed', startDateTime: '2026-01-31T13:45:00Z', performedBy: { type: 'user', id: GUID } };

function rejected(value: unknown, code: RejectionCode, pointer: string, rules = RULES): string {
  const checked = checkActivity(value, rules);
  assert.ok(!checked.ok, `accepted: ${JSON.stringify(value)}`);
  assert.deepEqual([checked.code, checked.pointer], [code, pointer], JSON.stringify(value));
  assert.ok(checked.message.startsWith(REJECTIONS[code]));
  assert.ok(checked.message.length < 400);
  return checked.message;
}

function accepted(value: unknown, rules = RULES) {
  const checked = checkActivity(value, rules);
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked;
}

test('a valid activity is read', () => {
  assert.deepEqual(accepted(VALID), {
    ok: true,
    activity: { type: 'viewed', startMs: Date.UTC(2026, 0, 31, 13, 45), performedBy: { type: 'user', id: GUID } },
    id: null,
    itemId: null,
  });
  assert.equal(accepted({ ...VALID, id: 'a-1' }).id, 'a-1');
});

test('a value that is no object is no activity', () => {
  for (const value of [null, undefined, 1, 'x', true, [], [VALID]]) rejected(value, 'activity_not_object', '');
});

test('annotations and null members are dropped, on the activity and on its performer', () => {
  const annotated = {
    '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
    '@odata.context': { any: ['thing'] },
    ...VALID,
    nothing: null,
    id: null,
    performedBy: {
      '@odata.type': '#microsoft.graph.externalConnectors.identity',
      displayName: null,
      ...VALID.performedBy,
    },
  };
  assert.deepEqual(accepted(annotated), accepted(VALID));
});

test('a number beyond all numbers is refused where it stands, also in an annotation', () => {
  const sent = (annotation: string) =>
    JSON.parse(JSON.stringify(VALID).replace('{', `{"@odata.note":${annotation},`)) as unknown;
  for (const annotation of ['1e400', '-1e400', '[1,{"a":[1e400]}]'])
    rejected(sent(annotation), 'number_out_of_range', '/@odata.note'.replace('@', '%40'));
  for (const annotation of ['1e308', '12345678901234567890', '[[],{},"1e400",null,true]']) accepted(sent(annotation));
  const inside = { ...VALID, performedBy: { ...VALID.performedBy, '@odata.x': Number.NEGATIVE_INFINITY } };
  rejected(inside, 'number_out_of_range', '/performedBy/%40odata.x');
});

test('any other member is refused by its name, with what was probably meant', () => {
  assert.match(
    rejected({ ...VALID, startDatetime: 'x' }, 'member_unknown', '/startDatetime'),
    /Did you mean "startDateTime"\?/,
  );
  assert.match(
    rejected({ ...VALID, performedBy: { ...VALID.performedBy, ID: 'x' } }, 'member_unknown', '/performedBy/ID'),
    /Did you mean "id"\?/,
  );
  assert.match(rejected({ ...VALID, itemId: 'a1' }, 'member_unknown', '/itemId'), /the path names/);
  rejected({ ...VALID, 'odata.type': 'x' }, 'member_unknown', '/odata.type');
  rejected({ ...VALID, 'type@odata.type': 'x' }, 'member_unknown', '/type%40odata.type');
  rejected(JSON.parse(JSON.stringify(VALID).replace('{', '{"__proto__":{"a":1},')), 'member_unknown', '/__proto__');
  rejected({ ...VALID, constructor: 1 }, 'member_unknown', '/constructor');
  rejected({ ...VALID, 'a/b~c': 1 }, 'member_unknown', '/a~1b~0c');
  rejected({ ...VALID, '\ud800"': 1 }, 'member_unknown', '/%EF%BF%BD%22');
  rejected({ ...VALID, ['x'.repeat(100_000)]: 1 }, 'member_unknown', `/${'x'.repeat(64)}`);
});

test('enum values are exact; a near miss is told what was meant', () => {
  for (const type of ['viewed', 'modified', 'created', 'commented']) accepted({ ...VALID, type });
  assert.match(rejected({ ...VALID, type: 'Viewed' }, 'type_unknown', '/type'), /Did you mean "viewed"\?/);
  assert.doesNotMatch(rejected({ ...VALID, type: 'unknownFutureValue' }, 'type_unknown', '/type'), /Did you mean/);
  for (const type of ['', 'viewed ', 1, {}, [], ['viewed'], Infinity, true])
    rejected({ ...VALID, type }, 'type_unknown', '/type');
  for (const type of [null, undefined]) rejected({ ...VALID, type }, 'type_missing', '/type');
  const performer = (type: unknown) => ({ ...VALID, performedBy: { type, id: GUID } });
  for (const type of ['user', 'group', 'externalGroup']) accepted(performer(type));
  assert.match(
    rejected(performer('externalgroup'), 'performer_type_unknown', '/performedBy/type'),
    /Did you mean "externalGroup"\?/,
  );
  rejected(performer(null), 'performer_type_missing', '/performedBy/type');
});

test('startDateTime: what RFC 3339 allows is one instant, what it does not is refused by the rule that is broken', () => {
  const at = (startDateTime: unknown) => ({ ...VALID, startDateTime });
  const ms = Date.UTC(2026, 0, 31, 13, 45);
  for (const [text, instant] of [
    ['2026-01-31T13:45:00.000000000000Z', ms],
    ['2026-01-31T14:45:00+01:00', ms],
    ['2026-01-31T08:15:00-05:30', ms],
    ['2026-01-31t13:45:00z', ms],
    ['2026-01-31T13:45:00.1239Z', ms + 123],
    ['2026-01-31T13:45:00.999999999999Z', ms + 999],
    ['0001-01-01T00:00:00Z', INSTANT_MS_MIN],
    ['9999-12-31T23:59:59.999Z', INSTANT_MS_MAX],
  ] as const) {
    assert.equal(accepted(at(text)).activity.startMs, instant, text);
  }
  assert.match(rejected(at('2026-01-31T13:45:00'), 'start_zone_missing', '/startDateTime'), /add Z or an offset/);
  for (const text of [
    '10000-01-01T00:00:00Z',
    '0000-12-31T23:59:59Z',
    '9999-12-31T23:59:59-00:01',
    '0001-01-01T00:00:00+00:01',
  ]) {
    rejected(at(text), 'start_out_of_range', '/startDateTime');
  }
  rejected(at('2016-12-31T23:59:60Z'), 'start_out_of_range', '/startDateTime');
  for (const text of [
    '',
    'yesterday',
    '2026-01-31',
    '2026-01-31T13:45Z',
    '2026-01-31 13:45:00Z',
    '2026-01-31T13:45:00.Z',
    '2026-01-31T13:45:00.1234567890123Z',
    '2026-01-31T13:45:00Z ',
    '-2026-01-31T13:45:00Z',
    '２026-01-31T13:45:00Z',
  ]) {
    rejected(at(text), 'start_not_rfc3339', '/startDateTime');
  }
  for (const value of [1_769_867_100_000, Number.POSITIVE_INFINITY, {}, [], true])
    rejected(at(value), 'start_not_rfc3339', '/startDateTime');
  rejected(at(null), 'start_missing', '/startDateTime');
});

test('the performer of a user or group is an object id, unless any id is allowed', () => {
  const by = (type: string, id: unknown) => ({ ...VALID, performedBy: { type, id } });
  accepted(by('user', GUID.toUpperCase()));
  for (const id of [
    'ada@contoso.com',
    '4711',
    '',
    `${GUID} `,
    `{${GUID}}`,
    GUID.replaceAll('-', ''),
    `${GUID}\n`,
    5,
    {},
  ]) {
    assert.match(
      rejected(by('user', id), 'performer_id_not_object_id', '/performedBy/id'),
      /not a UPN, e-mail or employee number/,
    );
    rejected(by('group', id), 'performer_id_not_object_id', '/performedBy/id');
  }
  const any: ActivityRules = { ...RULES, performerIds: 'any' };
  assert.equal(accepted(by('user', 'ada@contoso.com'), any).activity.performedBy.id, 'ada@contoso.com');
  rejected(by('user', ''), 'performer_id_invalid', '/performedBy/id', any);
  rejected(by('user', null), 'performer_id_missing', '/performedBy/id');
  rejected({ ...VALID, performedBy: null }, 'performer_missing', '/performedBy');
  for (const performedBy of ['x', [], 1]) rejected({ ...VALID, performedBy }, 'performer_not_object', '/performedBy');
});

test('texts that are kept have 1 to 128 characters and nothing that breaks on its way', () => {
  const group = (id: unknown) => ({ ...VALID, performedBy: { type: 'externalGroup', id } });
  const good = ['x', 'x'.repeat(128), '🦦'.repeat(128), 'Řeka / "quoted" \\ \u0001', '<script>alert(1)</script>'];
  const bad = [
    '',
    'x'.repeat(129),
    '🦦'.repeat(129),
    'a\u0000b',
    'a\ud800',
    '\udc00b',
    '\udc00\ud800',
    'x'.repeat(1_000_000),
    7,
    {},
    [],
    false,
  ];
  for (const text of good) {
    assert.equal(accepted(group(text)).activity.performedBy.id, text);
    assert.equal(accepted({ ...VALID, id: text }).id, text);
  }
  for (const text of bad) {
    rejected(group(text), 'performer_id_invalid', '/performedBy/id');
    rejected({ ...VALID, id: text }, 'id_invalid', '/id');
  }
});

test('an activity has at most its bytes, to the byte', () => {
  const sized = (bytes: number) => {
    const empty = { ...VALID, '@odata.note': '' };
    return { ...empty, '@odata.note': 'x'.repeat(bytes - JSON.stringify(empty).length) };
  };
  accepted(sized(4096));
  assert.match(rejected(sized(4097), 'activity_too_large', ''), /4096 bytes/);
  accepted(
    { ...sized(4095), '@odata.x': null, id: null },
    { ...RULES, activityBytesMax: 4095 + ',"@odata.x":null,"id":null'.length },
  );
  rejected({ ...VALID, '@odata.note': '€'.repeat(1400) }, 'activity_too_large', '');
  rejected(
    { ...VALID, performedBy: { ...VALID.performedBy, '@odata.note': 'x'.repeat(4096) } },
    'activity_too_large',
    '',
  );
});

test('whatever the annotations are, the limit is on the bytes of the whole', () => {
  const annotation = fc.oneof(fc.string({ unit: 'binary', maxLength: 900 }), fc.jsonValue());
  fc.assert(
    fc.property(annotation, annotation, fc.integer({ min: ACTIVITY_BYTES_MAX_MIN, max: 4000 }), (one, other, max) => {
      const value = { ...VALID, '@odata.a': one, performedBy: { ...VALID.performedBy, '@odata.b': other } };
      const fits = Buffer.byteLength(JSON.stringify(value)) <= max;
      assert.equal(checkActivity(value, { ...RULES, activityBytesMax: max }).ok, fits);
    }),
    { numRuns: 500 },
  );
});

test('an activity of known members alone is below the least that the limit may be set to', () => {
  const longest = {
    type: 'commented',
    startDateTime: '2026-01-31T13:45:00.123456789012+01:00',
    performedBy: { type: 'externalGroup', id: '\u0001'.repeat(128) },
    id: '\u0001'.repeat(128),
    itemId: 'x'.repeat(128),
  };
  accepted(longest, { ...RULES, itemId: 'required' });
  assert.ok(JSON.stringify(longest).length < ACTIVITY_BYTES_MAX_MIN);
});

test('in bulk each activity names its item by letters, digits, hyphens and underscores', () => {
  const bulk: ActivityRules = { ...RULES, itemId: 'required' };
  for (const itemId of ['a', 'A-z_09', 'x'.repeat(128)])
    assert.equal(accepted({ ...VALID, itemId }, bulk).itemId, itemId);
  for (const itemId of [
    '',
    '..',
    '.',
    'a/b',
    'a%2fb',
    'a?b',
    'a#b',
    'a\\b',
    'a\0b',
    'a\r\nb',
    '@host',
    'x'.repeat(129),
    'ａ',
    '\ud800',
    'a ',
    1,
    {},
    [],
  ]) {
    rejected({ ...VALID, itemId }, 'item_id_invalid', '/itemId', bulk);
  }
  rejected(VALID, 'item_id_missing', '/itemId', bulk);
  rejected({ ...VALID, itemId: null }, 'item_id_missing', '/itemId', bulk);
});

const pad = (n: number) => String(n).padStart(2, '0');
const validActivity = fc.record({
  type: fc.constantFrom('viewed', 'modified', 'created', 'commented'),
  start: fc.record({
    ms: fc.integer({ min: INSTANT_MS_MIN + 86_400_000, max: INSTANT_MS_MAX - 86_400_000 }),
    offset: fc.integer({ min: -1439, max: 1439 }),
    more: fc.stringMatching(/^\d{0,9}$/),
  }),
  performedBy: fc.oneof(
    fc.record({ type: fc.constantFrom('user', 'group'), id: fc.uuid() }),
    fc.record({
      type: fc.constant('externalGroup'),
      id: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
        .filter((id) => id.length <= 128 && !id.includes('\0') && id.isWellFormed()),
    }),
  ),
});

test('any valid activity goes through JSON, acceptance, Redis and back to the same instant, and to Graph as the same text', () => {
  fc.assert(
    fc.property(validActivity, fc.nat(5000), ({ type, start, performedBy }, index) => {
      const { ms, offset, more } = start;
      const local = formatInstant(ms + offset * 60_000).slice(0, -1);
      const zone =
        offset === 0
          ? 'Z'
          : `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
      const sent = { type, startDateTime: `${local}${more}${zone}`, performedBy };
      const checked = accepted(JSON.parse(JSON.stringify(sent)));
      const entry = encodeEntry(checked.activity, index, 'AbCdEf012345');
      const read = decodeEntry(entry);
      assert.deepEqual(read?.activity, { type, startMs: ms, performedBy: { ...performedBy } });
      const graph = JSON.parse(entryToGraphJson(entry));
      assert.equal(graph.startDateTime, formatInstant(ms));
      assert.equal(graph.performedBy.id, performedBy.id);
    }),
    { numRuns: 1000 },
  );
});

test('no value makes it throw, and what it accepts can be stored', () => {
  const member = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.constantFrom('viewed', 'user', GUID, '2026-01-31T13:45:00Z'),
  );
  const likely = fc.record(
    {
      type: member,
      startDateTime: member,
      performedBy: fc.oneof(member, fc.record({ type: member, id: member }, { requiredKeys: [] })),
      id: member,
      itemId: member,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), likely),
      fc.constantFrom('required' as const, 'absent' as const),
      (value, itemId) => {
        const checked = checkActivity(value, { ...RULES, itemId });
        if (checked.ok) assert.ok(decodeEntry(encodeEntry(checked.activity, 0, null)));
        else assert.ok(checked.message.length < 400 && (checked.pointer === '' || checked.pointer.startsWith('/')));
      },
    ),
    { numRuns: 3000 },
  );
});
