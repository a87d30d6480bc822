import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEntry } from '@sluice/core';
import { BULK_URL, type FakeAnswer, ITEM_URL, openFakeIntake, stored, VALID } from './fake-parts.ts';

function assertProblem(answer: FakeAnswer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.body.code, answer.body.status], [status, code, status]);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.ok(answer.body.title.length > 2 && answer.body.detail.length > 10);
  if (status === 503) assert.match(String(answer.headers['retry-after']), /^\d+$/);
}

test('one activity: 202 with receipt, Location and durability, and it is stored as it was sent', async () => {
  const { post, store } = openFakeIntake();
  const answer = await post(ITEM_URL, { ...VALID, '@odata.type': 'x', id: 'mine' });
  assert.equal(answer.status, 202);
  assert.deepEqual(answer.body, {
    receiptId: 's0AAAAAAAAAAAA',
    connectionId: 'hr1',
    accepted: 1,
    duplicates: 0,
    rejected: [],
  });
  assert.equal(answer.headers['location'], '/v1/receipts/s0AAAAAAAAAAAA');
  assert.equal(answer.headers['sluice-durability'], 'fsync');
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  const [piece] = store.pieces;
  const { groups, ...rest } = piece!;
  assert.deepEqual(rest, {
    connectionId: 'hr1',
    lane: 'lane-1',
    sequence: 1,
    receiptId: 's0AAAAAAAAAAAA',
    rejected: 0,
    duplicates: 0,
    rejectedEntries: [],
    last: true,
    roomFor: 1,
    lingerMs: 1000,
    entriesMax: 20,
    pendingMax: 5_000_000,
    connectionsMax: 1000,
    receiptsMax: 1_000_000,
    receiptTtlMs: 86_400_000,
    dedupe: { windowMs: 86_400_000, idsMax: 20_000_000 },
  });
  assert.deepEqual(
    groups.map(({ itemId, entries }) => [itemId, entries.length]),
    [['a1', 1]],
  );
  const entry = decodeEntry(groups[0]!.entries[0]!);
  assert.deepEqual(entry?.activity, {
    type: 'viewed',
    startMs: Date.UTC(2026, 0, 31, 13, 45),
    performedBy: VALID.performedBy,
  });
  assert.equal(entry?.receiptRef, 'AAAAAAAAAAAA');
  assert.deepEqual(store.wakes, [['hr1', 1000]]);
});

test('some invalid: 207, the valid ones are in, and the counts add up', async () => {
  const { post, store, get } = openFakeIntake();
  const on = (itemId: string, more = {}) => ({ itemId, ...VALID, ...more });
  const answer = await post(BULK_URL, {
    activities: [on('a1', { id: 'x' }), on('a2', { type: 'Viewed' }), on('a1', { id: 'x' }), on('../a'), on('a3')],
  });
  assert.equal(answer.status, 207);
  const { rejected, ...body } = answer.body;
  assert.deepEqual(body, { receiptId: 's0AAAAAAAAAAAA', connectionId: 'hr1', accepted: 2, duplicates: 1 });
  assert.deepEqual(rejected, [
    {
      index: 1,
      pointer: '#/activities/1/type',
      code: 'type_unknown',
      message: 'type must be one of viewed, modified, created, commented. Did you mean "viewed"?',
    },
    {
      index: 3,
      pointer: '#/activities/3/itemId',
      code: 'item_id_invalid',
      message: 'An item id is 1 to 128 letters, digits, hyphens and underscores.',
    },
  ]);
  assert.equal(store.pieces[0]?.rejected, 2);
  assert.deepEqual(store.pieces[0]?.rejectedEntries, rejected);
  const metrics = await get('/metrics');
  assert.match(metrics.body, /sluice_accept_rejected_entries_total\{code="type_unknown"\} 1/);
  assert.match(
    metrics.body,
    /sluice_accept_requests_total\{route="\/v1\/connections\/:connectionId\/activities",status="207"\} 1/,
  );
});

test('what the store already had counts as duplicate, and all of it is still 202', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = (piece) => ({ ...stored(piece), appended: 0 }) as never;
  const answer = await post(ITEM_URL, { ...VALID, id: 'x' });
  assert.deepEqual([answer.status, answer.body.accepted, answer.body.duplicates], [202, 0, 1]);
});

test('what the store is to remember goes with its entry, duplicates of the request with its first piece', async () => {
  const { post, store } = openFakeIntake();
  const activities = [{ ...VALID, id: 'x' }, VALID, { ...VALID, id: 'x' }, { ...VALID, id: 'y' }];
  const answer = await post(ITEM_URL, { activities });
  assert.deepEqual([answer.status, answer.body.accepted, answer.body.duplicates], [202, 3, 1]);
  const [piece] = store.pieces;
  assert.equal(piece?.duplicates, 1);
  const [group] = piece.groups;
  assert.deepEqual(
    group?.ids?.map((id) => typeof id),
    ['string', 'object', 'string'],
  );
  await post(ITEM_URL, VALID);
  assert.equal(store.pieces[1]?.groups[0]?.ids, undefined);
  const content = openFakeIntake({ SLUICE_DEDUPE: 'content', SLUICE_DEDUPE_WINDOW_MS: '5000' });
  await content.post(ITEM_URL, VALID);
  assert.equal(typeof content.store.pieces[0]?.groups[0]?.ids?.[0], 'string');
  assert.deepEqual(content.store.pieces[0]?.dedupe, { windowMs: 5000, idsMax: 20_000_000 });
  const off = openFakeIntake({ SLUICE_DEDUPE: 'off' });
  await off.post(ITEM_URL, { ...VALID, id: 'x' });
  assert.deepEqual([off.store.pieces[0]?.dedupe, off.store.pieces[0]?.groups[0]?.ids], [undefined, undefined]);
});

test('none valid, or none there: 400 and nothing stored', async () => {
  const { post, store } = openFakeIntake();
  const none = await post(ITEM_URL, { activities: [{ ...VALID, startDateTime: '2026-01-31T13:45:00' }, 5] });
  assertProblem(none, 400, 'no_valid_activity');
  assert.deepEqual(
    none.body.rejected.map(({ index, pointer, code }: { index: number; pointer: string; code: string }) => [
      index,
      pointer,
      code,
    ]),
    [
      [0, '#/activities/0/startDateTime', 'start_zone_missing'],
      [1, '#/activities/1', 'activity_not_object'],
    ],
  );
  assert.match(none.body.rejected[0].message, /add Z or an offset/);
  assertProblem(await post(ITEM_URL, { ...VALID, type: 'x' }), 400, 'no_valid_activity');
  for (const body of [{}, { activities: [] }]) {
    assertProblem(await post(ITEM_URL, body), 400, 'no_activities');
    assertProblem(await post(BULK_URL, body), 400, 'no_activities');
  }
  assertProblem(await post(BULK_URL, [VALID]), 400, 'body_not_object');
  assertProblem(await post(BULK_URL, '{'), 400, 'body_not_json');
  assert.equal(store.pieces.length, 0);
});

test('poison never reaches the store', async () => {
  const { post, store } = openFakeIntake();
  const by = (id: string) =>
    `{"type":"viewed","startDateTime":"2026-01-31T13:45:00Z","performedBy":{"type":"externalGroup","id":${id}}}`;
  for (const [body, pointer] of [
    [by('"a\\ud800"'), '#/performedBy/id'],
    [by('"a\\u0000b"'), '#/performedBy/id'],
    [by('1e400'), '#/performedBy/id'],
    [by('12345678901234567890'), '#/performedBy/id'],
    [by('"x"').replace('"2026-01-31T13:45:00Z"', '1e400'), '#/startDateTime'],
  ] as const) {
    const answer = await post(ITEM_URL, body);
    assertProblem(answer, 400, 'no_valid_activity');
    assert.equal(answer.body.rejected[0].pointer, pointer);
  }
  assertProblem(await post(ITEM_URL, by(`${'['.repeat(5000)}${']'.repeat(5000)}`)), 400, 'body_too_deep');
  assert.equal(store.pieces.length, 0);
});

test('ids that could leave their place in a URL are 400', async () => {
  const { post, store } = openFakeIntake();
  for (const id of [
    '%252e',
    'a%2fb',
    'a%3fb',
    'a%23b',
    'a%5cb',
    'a%00b',
    'a%0d%0ab',
    '@host',
    'x'.repeat(129),
    '%ef%bd%81',
    '%20',
  ]) {
    assertProblem(await post(`/v1/connections/hr1/items/${id}/activities`, VALID), 400, 'item_id_invalid');
    assertProblem(await post(`/v1/connections/${id}/items/a1/activities`, VALID), 400, 'connection_id_invalid');
    assertProblem(
      await post(`/v1/connections/${id}/activities`, { activities: [{ itemId: 'a1', ...VALID }] }),
      400,
      'connection_id_invalid',
    );
  }
  assertProblem(await post('/v1/connections/hr/items/a1/activities', VALID), 400, 'connection_id_invalid');
  assert.equal((await post(`/v1/connections/hr1/items/${'x'.repeat(128)}/activities`, VALID)).status, 202);
  assert.equal(store.pieces.length, 1);
});

test('ids that Graph gives no connection are refused at once, unless they stand for another one', async () => {
  const { post, store } = openFakeIntake();
  for (const id of [
    'Microsoft',
    'MicrosoftTickets1',
    'None',
    'Directory',
    'SharePoint',
    'Teams',
    'PowerBI',
    'Connectors',
  ]) {
    assertProblem(await post(`/v1/connections/${id}/items/a1/activities`, VALID), 400, 'connection_id_reserved');
    const line = `${JSON.stringify({ itemId: 'a1', ...VALID })}\n`;
    const lines = await post(`/v1/connections/${id}/activities`, line, { 'content-type': 'application/x-ndjson' });
    assertProblem(lines, 400, 'connection_id_reserved');
  }
  assert.equal(store.pieces.length, 0);
  for (const id of ['MyMicrosoft', 'teams', 'microsoftTickets', 'TeamsAndMore']) {
    assert.equal((await post(`/v1/connections/${id}/items/a1/activities`, VALID)).status, 202, id);
  }
});

test('checks come in the promised order: 404, 415, 413, 400, 503', async () => {
  const { post, store } = openFakeIntake({ SLUICE_CONNECTIONS: 'hr1', SLUICE_BODY_BYTES_MAX: '2000' });
  store.durability = null;
  const huge = `"${'x'.repeat(3000)}`;
  const other = '/v1/connections/other/items/../activities'.replace('..', '%2e%2e');
  assertProblem(await post(other, huge, { 'content-type': 'text/plain' }), 404, 'connection_not_found');
  assertProblem(await post('/v1/connections/other/activities', huge), 404, 'connection_not_found');
  assertProblem(await post('/v1/connections/%2e%2e%2f/activities', VALID), 400, 'connection_id_invalid');
  assertProblem(await post(ITEM_URL, huge, { 'content-type': 'text/plain' }), 415, 'media_type_unsupported');
  assertProblem(
    await post(ITEM_URL, huge, { 'content-type': 'application/json; charset=utf-16' }),
    415,
    'charset_unsupported',
  );
  assertProblem(await post(ITEM_URL, huge), 413, 'body_too_large');
  assertProblem(await post(ITEM_URL, '{'), 400, 'body_not_json');
  assertProblem(await post(ITEM_URL, { ...VALID, type: 1 }), 400, 'no_valid_activity');
  assertProblem(await post(ITEM_URL, VALID), 503, 'store_unavailable');
  assert.equal(store.pieces.length, 0);
});

test('5,001 activities are 413 and none is stored', async () => {
  const { post, store } = openFakeIntake();
  const list = (n: number) => ({ activities: Array.from({ length: n }, (_, at) => ({ itemId: `a${at}`, ...VALID })) });
  assertProblem(await post(BULK_URL, list(5001)), 413, 'too_many_activities');
  assert.equal(store.pieces.length, 0);
  const answer = await post(BULK_URL, list(5000));
  assert.deepEqual([answer.status, answer.body.accepted], [202, 5000]);
  assert.deepEqual(
    store.pieces.map(({ sequence, last }) => [sequence, last]),
    Array.from({ length: 10 }, (_, at) => [at + 1, at === 9]),
  );
});

test('durability: what Redis says is what the answer says, and below the promise nothing is stored', async () => {
  const plain = openFakeIntake();
  for (const level of ['fsync-1s', 'fsync', 'replicated']) {
    plain.store.durability = level;
    assert.equal((await plain.post(ITEM_URL, VALID)).headers['sluice-durability'], level);
  }
  for (const level of ['memory', 'unknown']) {
    plain.store.durability = level;
    assertProblem(await plain.post(ITEM_URL, VALID), 503, 'durability_not_reached');
  }
  assert.equal(plain.store.pieces.length, 3);
  const assumed = openFakeIntake({ SLUICE_DURABILITY: 'fsync', SLUICE_DURABILITY_ASSUME: 'fsync' });
  assumed.store.durability = 'unknown';
  assert.equal((await assumed.post(ITEM_URL, VALID)).headers['sluice-durability'], 'fsync; assumed');
  assumed.store.durability = 'fsync-1s';
  assertProblem(await assumed.post(ITEM_URL, VALID), 503, 'durability_not_reached');
  const memory = openFakeIntake({ SLUICE_DURABILITY: 'memory' });
  memory.store.durability = 'memory';
  assert.equal((await memory.post(ITEM_URL, VALID)).status, 202);
});

test('stored, but no replica has it: 503, whoever has to be woken is, and what Redis keeps is looked at anew', async () => {
  let doubts = 0;
  const watch = { ready: () => ({ ready: true }) as const, durability: () => 'replicated', doubt: () => void doubts++ };
  const { post, store } = openFakeIntake({ SLUICE_DURABILITY: 'replicated' }, { watch });
  assert.equal((await post(ITEM_URL, VALID)).headers['sluice-durability'], 'replicated');
  store.onAppend = (piece) => ({ status: 'not-replicated', stored: stored(piece) as never });
  const missed = await post(ITEM_URL, VALID);
  assertProblem(missed, 503, 'durability_not_reached');
  assert.match(missed.body.detail, /^It is stored/);
  assert.deepEqual([store.wakes.length, doubts], [2, 1]);
  const lines = await post(BULK_URL, JSON.stringify({ itemId: 'a1', ...VALID }), {
    'content-type': 'application/x-ndjson',
  });
  assertProblem(lines, 503, 'durability_not_reached');
  assert.equal(lines.body.lastLine, 0, 'nothing is promised of the line');
});

test('below replicated nothing is stored', async () => {
  const { post, store } = openFakeIntake({ SLUICE_DURABILITY: 'replicated' });
  for (const level of ['fsync', 'unknown']) {
    store.durability = level;
    const refused = await post(ITEM_URL, VALID);
    assertProblem(refused, 503, 'durability_not_reached');
    assert.match(refused.body.detail, /nothing was stored/);
  }
  assert.equal(store.pieces.length, 0);
});

test('a full backlog and a connection too many are 503 with Retry-After', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = () => ({ status: 'full', pending: 5_000_000 });
  assertProblem(await post(ITEM_URL, VALID), 503, 'backlog_full');
  store.onAppend = () => ({ status: 'too-many-connections', pending: 1000 });
  assertProblem(await post(ITEM_URL, VALID), 503, 'too_many_connections');
});

test('a connection that Graph has named as missing is 404 until it is resumed', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = () => ({ status: 'connection-missing', pending: 3 });
  const refused = await post(ITEM_URL, VALID);
  assertProblem(refused, 404, 'connection_not_found');
  assert.match(refused.body.detail, /Graph says that this connection does not exist/);
});

test('any path without a route is a 404 problem, another method a 405; health does not depend on the store', async () => {
  const { get, store } = openFakeIntake();
  assertProblem(await get('/v1/nothing'), 404, 'route_not_found');
  assertProblem(await get(`${ITEM_URL}/`), 404, 'route_not_found');
  for (const url of [ITEM_URL, BULK_URL]) {
    const answer = await get(url);
    assertProblem(answer, 405, 'method_not_allowed');
    assert.equal(answer.headers['allow'], 'POST');
  }
  store.ready = false;
  assert.equal((await get('/health/live')).status, 200);
  assertProblem(await get('/health/ready'), 503, 'not_ready');
  store.ready = true;
  assert.equal((await get('/health/ready')).status, 200);
});
