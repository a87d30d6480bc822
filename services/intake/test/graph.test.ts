/* Graph's own path: what a client of Graph sends is taken, and it is answered as Graph would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEntry } from '@sluice/core';
import { type FakeAnswer, GUID, openFakeIntake, VALID } from './fake-parts.ts';

const GRAPH_URL = '/v1.0/external/connections/hr1/items/a1/addActivities';
/** As in Graph's documentation of addActivities. */
const SENT = {
  '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
  type: 'created',
  startDateTime: '2021-04-06T18:04:31.0330000Z',
  performedBy: { '@odata.type': '#microsoft.graph.externalConnectors.identity', type: 'user', id: GUID },
};
const RESULT = { '@odata.type': '#microsoft.graph.externalConnectors.externalActivityResult' };

function assertGraphError(answer: FakeAnswer, status: number, code: string, inner: string): void {
  const { error } = answer.body;
  assert.deepEqual([answer.status, error.code, error.innerError.code], [status, code, inner]);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.ok(error.message.length > 10);
  assert.equal(error.innerError['request-id'], 'made-by-us');
  assert.match(error.innerError.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  assert.equal(answer.headers['request-id'], 'made-by-us');
}

test('both versions and both names of the action are taken, and answered in the order and words of the request', async () => {
  for (const version of ['v1.0', 'beta']) {
    for (const action of ['addActivities', 'microsoft.graph.externalConnectors.addActivities']) {
      const { post, store } = openFakeIntake();
      const viewed = { ...SENT, type: 'viewed', startDateTime: '2021-04-06T20:05:00+02:00' };
      const url = `/${version}/external/connections/hr1/items/a1/${action}`;
      const answer = await post(url, { '@odata.context': 'x', activities: [viewed, SENT] });
      assert.equal(answer.status, 200);
      const context = `https://graph.microsoft.com/${version}/$metadata#Collection(microsoft.graph.externalConnectors.externalActivityResult)`;
      assert.deepEqual(answer.body, {
        '@odata.context': context,
        value: [
          { ...RESULT, type: 'viewed', startDateTime: viewed.startDateTime, error: null },
          { ...RESULT, type: 'created', startDateTime: SENT.startDateTime, error: null },
        ],
      });
      assert.equal(answer.headers['location'], '/v1/receipts/s0AAAAAAAAAAAA');
      assert.equal(answer.headers['sluice-durability'], 'fsync');
      assert.equal(answer.headers['request-id'], 'made-by-us');
      const [group] = store.pieces[0]!.groups;
      assert.equal(group?.itemId, 'a1');
      assert.equal(decodeEntry(group.entries[0]!)?.activity.startMs, Date.UTC(2021, 3, 6, 18, 5));
    }
  }
});

test('some invalid: 207, the others are stored, and each refused one has its error at its place', async () => {
  const { post, store } = openFakeIntake();
  const long = 'x'.repeat(1000);
  const activities = [{ ...SENT, type: 'Viewed' }, SENT, 5, { ...SENT, startDateTime: long }];
  const answer = await post(GRAPH_URL, { activities });
  assert.equal(answer.status, 207);
  const [first, second, third, fourth] = answer.body.value;
  const message = 'type must be one of viewed, modified, created, commented. Did you mean "viewed"?';
  const target = '#/activities/0/type';
  assert.deepEqual(first, {
    ...RESULT,
    type: 'Viewed',
    startDateTime: SENT.startDateTime,
    error: {
      code: 'invalidRequest',
      message,
      target,
      details: [{ code: 'type_unknown', message, target }],
      innerError: null,
    },
  });
  assert.equal(second.error, null);
  assert.deepEqual([third.type, third.startDateTime, third.error.target], [null, null, '#/activities/2']);
  assert.deepEqual([fourth.startDateTime.length, fourth.error.details[0].code], [128, 'start_not_rfc3339']);
  assert.deepEqual([store.pieces.length, store.pieces[0]?.rejected], [1, 3]);
});

test('more than Graph takes in one call are taken; a duplicate within it is no error', async () => {
  const { post, store } = openFakeIntake();
  const activities = Array.from({ length: 50 }, (_, n) => ({ ...SENT, id: `n${n % 49}` }));
  const answer = await post(GRAPH_URL, { activities });
  assert.deepEqual([answer.status, answer.body.value.length], [200, 50]);
  assert.ok(answer.body.value.every(({ error }: { error: unknown }) => error === null));
  assert.equal(answer.headers['preference-applied'], undefined);
  assert.equal(store.pieces[0]?.groups[0]?.entries.length, 49);
});

test('what cannot be taken is an error object of Graph, and nothing is stored', async () => {
  const { post, store } = openFakeIntake({ SLUICE_CONNECTIONS: 'hr1', SLUICE_BODY_BYTES_MAX: '2000' });
  const all = { activities: [{ ...VALID, type: 'x' }, {}] };
  const none = await post(GRAPH_URL, all);
  assertGraphError(none, 400, 'invalidRequest', 'no_valid_activity');
  assert.deepEqual(
    none.body.error.details.map(({ code, target }: Record<string, unknown>) => [code, target]),
    [
      ['type_unknown', '#/activities/0/type'],
      ['type_missing', '#/activities/1/type'],
    ],
  );
  for (const [body, inner, code] of [
    ['{', 'body_not_json', 'BadRequest'],
    ['', 'body_empty', 'BadRequest'],
    [[SENT], 'body_not_object', 'BadRequest'],
    [SENT, 'no_activities', 'invalidRequest'],
    [{}, 'no_activities', 'invalidRequest'],
    [{ activities: [] }, 'no_activities', 'invalidRequest'],
    [{ activities: {} }, 'activities_not_list', 'invalidRequest'],
    [{ activities: [SENT], more: 1 }, 'body_member_unknown', 'BadRequest'],
  ] as const) {
    assertGraphError(await post(GRAPH_URL, body), 400, code, inner);
  }
  const text = { 'content-type': 'text/plain' };
  assertGraphError(await post(GRAPH_URL, all, text), 415, 'UnsupportedMediaType', 'media_type_unsupported');
  assertGraphError(await post(GRAPH_URL, `"${'x'.repeat(3000)}`), 413, 'RequestEntityTooLarge', 'body_too_large');
  assertGraphError(await post(GRAPH_URL.replace('a1', '%252e'), all), 400, 'invalidRequest', 'item_id_invalid');
  assertGraphError(await post(GRAPH_URL.replace('hr1', 'a%2fb'), all), 400, 'invalidRequest', 'connection_id_invalid');
  assertGraphError(await post(GRAPH_URL.replace('a1', '%zz'), all), 400, 'invalidRequest', 'request_malformed');
  for (const length of [129, 256, 257, 2000]) {
    const long = 'a'.repeat(length);
    assertGraphError(await post(GRAPH_URL.replace('a1', long), all), 400, 'invalidRequest', 'item_id_invalid');
    assertGraphError(await post(GRAPH_URL.replace('hr1', long), all), 400, 'invalidRequest', 'connection_id_invalid');
  }
  assertGraphError(await post(GRAPH_URL.replace('a1', '%C3%BC%20b'), all), 400, 'invalidRequest', 'item_id_invalid');
  assertGraphError(await post(GRAPH_URL.replace('hr1', 'other'), all), 404, 'itemNotFound', 'connection_not_found');
  assertGraphError(await post(GRAPH_URL, all, { host: 'evil.example' }), 421, 'invalidRequest', 'host_not_allowed');
  assert.equal(store.pieces.length, 0);
});

test('the store away: 503 with Retry-After, and no word of it in the answer', async () => {
  const { post, store } = openFakeIntake({}, { limits: { retryAfterMs: 1 } });
  store.onAppend = () => Promise.reject(new Error('redis://canary'));
  const answer = await post(GRAPH_URL, { activities: [SENT] });
  assertGraphError(answer, 503, 'serviceNotAvailable', 'store_unavailable');
  assert.equal(answer.headers['retry-after'], '1');
  assert.doesNotMatch(JSON.stringify(answer.body), /canary/);
});

test('everything else of Graph is 501, whatever its method and body; other paths are as they were', async () => {
  const { post, get, store } = openFakeIntake();
  for (const url of ['/v1.0', '/v1.0/', '/beta/me', '/v1.0/$batch', '/v1.0/external/connections/hr1/items/a1']) {
    assertGraphError(await get(url), 501, 'notSupported', 'notSupported');
    assertGraphError(await post(url, '{', { 'content-type': 'text/plain' }), 501, 'notSupported', 'notSupported');
  }
  const other = await get(GRAPH_URL);
  assertGraphError(other, 405, 'methodNotAllowed', 'method_not_allowed');
  assert.equal(other.headers['allow'], 'POST');
  for (const url of ['/v1.1/me', '/v1.0x', '/betas/me']) {
    const answer = await get(url);
    assert.deepEqual([answer.status, answer.body.code], [404, 'route_not_found']);
  }
  assert.equal(store.pieces.length, 0);
});

test('the id that a client gave its request is repeated; without one, ours stands in its place', async () => {
  const { post } = openFakeIntake();
  for (const [given, repeated] of [
    ['0f5c1b9e-6a1d-4d57-9a58-6a0d3c1f2b3e', '0f5c1b9e-6a1d-4d57-9a58-6a0d3c1f2b3e'],
    ['<script>', 'made-by-us'],
  ] as const) {
    const taken = await post(GRAPH_URL, { activities: [SENT] }, { 'client-request-id': given });
    assert.deepEqual([taken.status, taken.headers['client-request-id']], [200, repeated]);
    const refused = await post(GRAPH_URL, {}, { 'client-request-id': given });
    assert.equal(refused.headers['client-request-id'], repeated);
    assert.equal(refused.body.error.innerError['client-request-id'], repeated);
  }
});
