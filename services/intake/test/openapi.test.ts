/* The description of the API: valid by its own standard, true about bodies, routes and answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type BodyRules, checkBody, type JsonSchema } from '@sluice/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describeApi } from '../src/openapi/describe-api.ts';
import { BULK_URL, type FakeAnswer, GUID, ITEM_URL, openFakeIntake, VALID } from './fake-parts.ts';

const RULES = {
  performerIds: 'object-id',
  activityBytesMax: 4096,
  activitiesMax: 5000,
  bodyBytesMax: 4 * 1024 * 1024,
} as const;
const DOCUMENT = describeApi(RULES) as { readonly paths: Readonly<Record<string, Operations>> } & JsonSchema;

interface Operations {
  readonly [method: string]: { readonly responses?: Readonly<Record<string, { readonly content?: Content }>> };
}
type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

function validatorOf(document: JsonSchema, schema: string | JsonSchema) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
  const absolute = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('"$ref":"#/', '"$ref":"api#/'));
  const wanted = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
  return ajv.compile(absolute(wanted) as object);
}

test('it is OpenAPI 3.1 by the schema of the standard', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(DOCUMENT) as Record<string, unknown>);
  assert.deepEqual([valid, errors], [true, undefined]);
  assert.equal(validator.version, '3.1');
  const { paths: _paths, ...broken } = DOCUMENT;
  const { valid: without } = await validator.validate({ ...broken, paths: { '/a': { get: { responses: 5 } } } });
  assert.equal(without, false);
});

/** Words that are right, nearly right and wrong, for every place where a text may be. */
const TEXTS = fc.constantFrom(
  'viewed',
  'Viewed',
  'modified',
  'created',
  'commented',
  'user',
  'group',
  'externalGroup',
  'a1',
  'a/b',
  '',
  'x'.repeat(128),
  'x'.repeat(129),
  '😀'.repeat(128),
  '😀'.repeat(129),
  'a\0b',
  'a\ud800',
  GUID,
  GUID.toUpperCase(),
  `${GUID}0`,
  'ada@example.org',
);
const ODD_STARTS = fc.constantFrom(
  '2026-01-31T13:45:00Z',
  '2026-01-31t13:45:00z',
  '2026-01-31T13:45:00.1+01:00',
  '2026-01-31T13:45:00.123456789012Z',
  '2026-01-31T13:45:00.1234567890123Z',
  '2026-01-31T13:45:00',
  '2026-01-31T13:45Z',
  '2026-01-31 13:45:00Z',
  '2026-02-29T00:00:00Z',
  '2024-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59.999-00:01',
  '2026-13-01T00:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T23:59:60Z',
  '12026-01-31T13:45:00Z',
  '2026-01-31T13:45:00+24:00',
  '2026-01-31T13:45:00.Z',
  '2026-01-31T13:45:00Z\n',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
);
const STARTS = fc.oneof(
  { weight: 1, arbitrary: ODD_STARTS },
  {
    weight: 8,
    arbitrary: fc
      .date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') })
      .map((date) => date.toISOString()),
  },
);
const ANYTHING = fc.oneof(TEXTS, fc.constant(null), fc.integer(), fc.boolean(), fc.constant([]), fc.constant({}));
const NAMES = fc.constantFrom(
  '@odata.type',
  '@odata',
  'odata.type',
  'extra',
  'Type',
  'itemId',
  'activities',
  'constructor',
  'toString',
);

/** An object near to a valid one: now and then a member is missing, wrong, null, or one too many. */
function near(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: rare });
  const some = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, mostly(value, ANYTHING)]));
  const drop = mostly(fc.constant(''), fc.constantFrom(...Object.keys(members)));
  const extra = mostly<Record<string, unknown>>(fc.constant({}), fc.dictionary(NAMES, ANYTHING, { maxKeys: 2 }));
  return fc.tuple(fc.record(some), drop, extra).map(([value, dropped, added]) => {
    const { [dropped]: _dropped, ...rest } = value as Record<string, unknown>;
    return { ...rest, ...added };
  });
}

const PERFORMERS = near({
  type: fc.constantFrom('user', 'group', 'externalGroup'),
  id: fc.oneof({ weight: 8, arbitrary: fc.uuid() }, { weight: 1, arbitrary: TEXTS }),
});
const MEMBERS = {
  type: fc.constantFrom('viewed', 'modified', 'created', 'commented'),
  startDateTime: STARTS,
  performedBy: PERFORMERS,
  id: fc.oneof({ weight: 8, arbitrary: fc.string({ minLength: 1 }) }, { weight: 1, arbitrary: TEXTS }),
};
const ITEMS = fc.constantFrom('a1', 'A-_9', 'x'.repeat(128));
const listOf = (activity: fc.Arbitrary<unknown>) =>
  near({ activities: fc.array(activity, { minLength: 0, maxLength: 3 }) });
const BULK_BODIES = listOf(near({ ...MEMBERS, itemId: ITEMS }));
const ITEM_BODIES = fc.oneof(near(MEMBERS), listOf(near(MEMBERS)));

/** What the schema cannot say, see core's describe-body.ts: reached only where the pattern has agreed. */
function isReal(body: unknown): boolean {
  const { activities } = body as { readonly activities?: unknown };
  const all = (Array.isArray(activities) ? activities : [body]) as readonly { readonly startDateTime: string }[];
  return all.every(({ startDateTime: text }) => {
    const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
    const date = new Date(`${text.slice(0, 10)}T00:00:00Z`);
    const exists = date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
    // Twelve fraction digits are more than Date reads everywhere.
    const instant = Date.parse(text.toUpperCase().replace(/(\.\d{1,3})\d*/, '$1'));
    return exists && instant >= Date.parse('0001-01-01T00:00:00Z') && instant <= Date.parse('9999-12-31T23:59:59.999Z');
  });
}

for (const performerIds of ['object-id', 'any'] as const) {
  const rules: BodyRules = { ...RULES, performerIds };
  const document = describeApi({ ...RULES, performerIds });
  for (const [name, itemId, bodies] of [
    ['BulkBody', null, BULK_BODIES],
    ['ItemBody', 'a1', ITEM_BODIES],
  ] as const) {
    test(`what ${name} allows is taken, what it forbids is refused (performer ids: ${performerIds})`, () => {
      const validate = validatorOf(document, name);
      const seen = { taken: 0, refused: 0 };
      fc.assert(
        fc.property(bodies, (body) => {
          const checked = checkBody(body, itemId, rules);
          const taken = checked.ok && checked.rejected.length === 0;
          seen[taken ? 'taken' : 'refused'] += 1;
          assert.equal(
            validate(body) && isReal(body),
            taken,
            JSON.stringify({ body, errors: validate.errors, checked }),
          );
        }),
        { numRuns: 4000 },
      );
      assert.ok(seen.taken > 400 && seen.refused > 400, `both kinds were drawn: ${JSON.stringify(seen)}`);
    });
  }
}

test('a list longer than allowed is forbidden and refused alike', () => {
  const activities = Array.from({ length: 5001 }, () => ({ itemId: 'a1', ...VALID }));
  assert.equal(validatorOf(DOCUMENT, 'BulkBody')({ activities }), false);
  assert.equal(validatorOf(DOCUMENT, 'BulkBody')({ activities: activities.slice(1) }), true);
});

test('every path that is described is there, and every path that is there is described', async () => {
  const { server } = openFakeIntake();
  await server.app.ready();
  const described = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => method === 'get' || method === 'post')
      .flatMap((method) =>
        (path.includes('{version}') ? ['v1.0', 'beta'] : ['']).map((version) => ({
          method: method.toUpperCase(),
          url: path.replace('{version}', version).replaceAll(/\{(\w+)\}/g, ':$1'),
        })),
      ),
  );
  for (const route of described) assert.ok(server.app.hasRoute(route as never), `${route.method} ${route.url}`);
  const known = new Set(described.map(({ method, url }) => `${method} ${url}`));
  const hidden = routesIn(server.app.printRoutes({ commonPrefix: false })).filter(
    (route) => !known.has(route) && !NOT_DESCRIBED.test(route),
  );
  assert.deepEqual(hidden, []);
});

/** The tree that the framework prints: four characters a level, then the path and its methods. */
function routesIn(tree: string): readonly string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent, path, methods] = /^([│ ]*)[├└]── (\S+) \(([A-Z, ]+)\)$/.exec(line) ?? [];
    if (indent === undefined || path === undefined || methods === undefined) return [];
    const depth = indent.length / 4;
    above.length = depth;
    const url = above.join('') + (path === '*' ? '/*' : path);
    above.push(path);
    return methods.split(', ').map((method) => `${method} ${url}`);
  });
}

/** What answers HEAD as GET does, the rest of Graph (501), and what the page is made of. */
const NOT_DESCRIBED = /^HEAD |^\w+ \/(?:v1\.0|beta)(?:\/\*)?$|^GET \/docs\/./;

const GRAPH_URL = '/v1.0/external/connections/hr1/items/a1/addActivities';

test('real answers are as they are described', async () => {
  const { post, get, store } = openFakeIntake();
  const bad = { ...VALID, type: 'view' };
  const lines = { 'content-type': 'application/x-ndjson' };
  const line = (value: object) => `${JSON.stringify({ itemId: 'a1', ...value })}\n`;
  const item = '/v1/connections/{connectionId}/items/{itemId}/activities';
  const bulk = '/v1/connections/{connectionId}/activities';
  const graph = '/{version}/external/connections/{connectionId}/items/{itemId}/addActivities';
  const answers: [string, number, string, FakeAnswer][] = [
    [item, 202, 'post', await post(ITEM_URL, VALID)],
    [item, 207, 'post', await post(ITEM_URL, { activities: [VALID, bad] })],
    [item, 400, 'post', await post(ITEM_URL, bad)],
    [item, 400, 'post', await post(ITEM_URL, '{')],
    [item, 415, 'post', await post(ITEM_URL, VALID, { 'content-type': 'text/plain' })],
    [bulk, 202, 'post', await post(BULK_URL, line(VALID), lines)],
    [bulk, 207, 'post', await post(BULK_URL, line(VALID) + line(bad), lines)],
    [bulk, 400, 'post', await post(BULK_URL, line(bad), lines)],
    [bulk, 413, 'post', await post(BULK_URL, { activities: Array.from({ length: 5001 }, () => ({})) })],
    [graph, 200, 'post', await post(GRAPH_URL, { activities: [VALID] })],
    [graph, 207, 'post', await post(GRAPH_URL, { activities: [VALID, bad] })],
    [graph, 400, 'post', await post(GRAPH_URL, { activities: [bad] })],
    ['/v1/receipts/{receiptId}', 404, 'get', await get('/v1/receipts/nothing')],
  ];
  store.durability = null;
  answers.push([item, 503, 'post', await post(ITEM_URL, VALID)]);
  store.receipt = RECEIPT as never;
  answers.push(['/v1/receipts/{receiptId}', 200, 'get', await get('/v1/receipts/s0AAAAAAAAAAAA')]);
  for (const [path, status, method, answer] of answers) {
    const { status: got, headers, body } = answer;
    assert.equal(got, status, `${path}: ${JSON.stringify(body)}`);
    const content = DOCUMENT.paths[path]?.[method]?.responses?.[String(status)]?.content ?? {};
    const type = String(headers['content-type']).split(';')[0]!;
    const schema = content[type]?.schema;
    assert.ok(schema !== undefined, `${path} ${status} is described as ${Object.keys(content)}, and was ${type}`);
    const validate = validatorOf(closed(DOCUMENT), closed(schema));
    assert.ok(validate(body), `${path} ${status}: ${JSON.stringify(validate.errors)} ${JSON.stringify(body)}`);
  }
});

const RECEIPT = {
  receiptId: 's0AAAAAAAAAAAA',
  connectionId: 'hr1',
  acceptedMs: 0,
  final: true,
  complete: false,
  counts: {
    pending: 0,
    inFlight: 0,
    delivered: 1,
    dead: 1,
    parked: 0,
    discarded: 0,
    erased: 0,
    expired: 0,
    rejected: 1,
    duplicates: 0,
  },
  entries: [
    {
      index: 0,
      state: 'rejected',
      itemId: null,
      code: 'c',
      message: 'm',
      requestId: null,
      attempts: 0,
      pointer: '#/a',
    },
    { index: 1, state: 'dead', itemId: 'a', code: 'c', message: 'm', requestId: 'r', attempts: 1, pointer: null },
  ],
  entriesTotal: 2,
};

/** Answers may get more members; here each one that is not described is a fault of the description. */
function closed(value: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(value), (_name, member) =>
    member?.type === 'object' && member.properties !== undefined && member.additionalProperties === undefined
      ? { ...member, additionalProperties: false }
      : member,
  );
}

test('/openapi.json is the document under the rules in force, and /docs a page that runs nothing inline', async () => {
  const { get } = openFakeIntake({ SLUICE_PERFORMER_IDS: 'any', SLUICE_REQUEST_ACTIVITIES_MAX: '7' });
  const answer = await get('/openapi.json');
  assert.deepEqual([answer.status, answer.body.openapi], [200, '3.1.1']);
  assert.equal(answer.body.components.schemas.BulkBody.properties.activities.maxItems, 7);
  assert.equal(JSON.stringify(answer.body).includes('Entra object id'), false);
  const page = await get('/docs');
  assert.equal(page.status, 200);
  assert.match(
    String(page.headers['content-security-policy']),
    /default-src 'none'; script-src 'self'; style-src 'self'/,
  );
  assert.doesNotMatch(String(page.headers['content-security-policy']), /unsafe|http|\*/);
  for (const [, path = ''] of String(page.body).matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    const asset = await get(path);
    assert.equal(asset.status, 200, path);
    assert.ok(String(asset.body).length > 50, path);
  }
});
