/* Idempotency-Key, on the store in memory: what comes again is stored once and answered as the first time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { AppendPiece } from '@sluice/core';
import { createMemoryActivityStore, manualClock } from '@sluice/testing';
import { BULK_URL, ITEM_URL, openFakeIntake, VALID } from './fake-parts.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const KEY = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' };
const GRAPH_URL = '/v1.0/external/connections/hr1/items/a1/addActivities';

/** Two intakes on one store, with references of their own for receipts. */
function openIntakes(variables: Record<string, string> = {}) {
  const clock = manualClock();
  const store = createMemoryActivityStore(clock);
  let refs = 0;
  const randomBytes = (count: number) => new Uint8Array(count).fill(10 + refs++);
  const [first, second] = ['lane-1', 'lane-2'].map((lane) =>
    openFakeIntake(variables, { store, lane, randomBytes, limits: { retryAfterMs: 1 } }),
  );
  const pending = async () => (await store.connection('hr1'))?.pending ?? 0;
  return { first: first!, second: second!, store, clock, pending };
}

const many = (count: number) => ({
  activities: Array.from({ length: count }, (_, n) => ({ itemId: `a${n}`, ...VALID })),
});

test('the same request under its key, on another intake: first status, first body, and a header that says so', async () => {
  const { first, second, pending } = openIntakes();
  const body = { activities: [VALID, { ...VALID, type: 'Viewed' }, { ...VALID, id: 'x' }, { ...VALID, id: 'x' }] };
  const one = await first.post(ITEM_URL, body, KEY);
  assert.deepEqual([one.status, one.headers['idempotent-replayed']], [207, undefined]);
  assert.deepEqual([one.body.accepted, one.body.duplicates, one.body.rejected.length], [2, 1, 1]);
  assert.equal(one.headers['idempotency-window'], '86400');
  const again = await second.post(ITEM_URL, body, KEY);
  assert.deepEqual([again.status, again.body, again.headers['location']], [207, one.body, one.headers['location']]);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.equal(await pending(), 2);
});

test('a key is the same in quotes and without, and its body the same in gzip; its scope is the path', async () => {
  const { first, pending } = openIntakes();
  await first.post(ITEM_URL, VALID, { 'idempotency-key': 'k 1' });
  const zipped = await first.server.app.inject({
    method: 'POST',
    url: `${ITEM_URL}?x=1`,
    headers: {
      host: 'localhost',
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'idempotency-key': '"k 1"',
    },
    body: gzipSync(JSON.stringify(VALID)),
  });
  assert.deepEqual([zipped.statusCode, zipped.headers['idempotent-replayed']], [202, 'true']);
  const elsewhere = await first.post(ITEM_URL.replace('a1', 'a2'), VALID, { 'idempotency-key': 'k 1' });
  assert.deepEqual([elsewhere.status, elsewhere.headers['idempotent-replayed']], [202, undefined]);
  assert.equal(await pending(), 2);
});

test('the same key with another body is 422, and a key that is none 400; nothing is stored', async () => {
  const { first, pending } = openIntakes();
  await first.post(ITEM_URL, VALID, KEY);
  const reused = await first.post(ITEM_URL, { ...VALID, type: 'created' }, KEY);
  assert.deepEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused']);
  for (const key of ['', 'x'.repeat(256), 'grün', '"'.concat('x'.repeat(256), '"')]) {
    const answer = await first.post(ITEM_URL, VALID, { 'idempotency-key': key });
    assert.deepEqual([answer.status, answer.body.code], [400, 'idempotency_key_invalid'], key);
  }
  assert.equal(await pending(), 1);
});

test('4xx and 5xx are not remembered: the request can be mended, or sent again', async () => {
  const { first, pending } = openIntakes();
  assert.equal((await first.post(ITEM_URL, { activities: [5] }, KEY)).status, 400);
  first.store.durability = 'memory';
  assert.equal((await first.post(ITEM_URL, VALID, KEY)).status, 503);
  first.store.durability = 'fsync';
  assert.equal((await first.post(ITEM_URL, VALID, KEY)).status, 202);
  assert.equal(await pending(), 1);
});

test('an intake that dies between two pieces: meanwhile 409, then another one completes the request, and nothing is there twice', async () => {
  const { first, second, store, clock, pending } = openIntakes();
  const append = store.append.bind(store);
  let died = false;
  const dying = openFakeIntake(
    {},
    {
      store: {
        ...store,
        append: (piece: AppendPiece) => (piece.key?.nth === 2 || died ? die() : append(piece)),
      },
      lane: 'lane-3',
      randomBytes: (count) => new Uint8Array(count).fill(60),
      limits: { retryAfterMs: 1 },
    },
  );
  function die(): Promise<never> {
    died = true;
    return Promise.reject(new Error('killed'));
  }
  const body = many(1700);
  assert.equal((await dying.post(BULK_URL, body, KEY)).status, 503);
  assert.equal(await pending(), 1000);
  const early = await first.post(BULK_URL, body, KEY);
  assert.deepEqual([early.status, early.body.code], [409, 'idempotency_in_progress']);
  assert.equal(early.headers['retry-after'], '2');
  await clock.advance(1500);
  const done = await second.post(BULK_URL, body, KEY);
  assert.deepEqual([done.status, done.body.accepted, done.body.duplicates], [202, 1700, 0]);
  assert.equal(done.headers['idempotent-replayed'], undefined);
  assert.equal(await pending(), 1700);
  const receipt = await first.get(String(done.headers['location']));
  assert.equal(receipt.body.counts.pending, 1700);
  assert.equal('complete' in receipt.body, false, 'it is');
  const again = await first.post(BULK_URL, body, KEY);
  assert.deepEqual([again.status, again.body], [202, done.body]);
  assert.equal(again.headers['idempotent-replayed'], 'true');
});

test('on the path of Graph as well', async () => {
  const { first, second, pending } = openIntakes();
  const body = { activities: [VALID, VALID] };
  const one = await first.post(GRAPH_URL, body, KEY);
  const again = await second.post(GRAPH_URL, body, KEY);
  assert.deepEqual([again.status, again.body], [200, one.body]);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.equal(again.headers['location'], one.headers['location']);
  const reused = await first.post(GRAPH_URL, { activities: [VALID] }, KEY);
  assert.deepEqual([reused.status, reused.body.error.innerError.code], [422, 'idempotency_key_reused']);
  assert.equal(await pending(), 2);
});

for (const dedupe of ['id', 'off', 'content']) {
  test(`a stream sent again under its key stores nothing twice and has one receipt (SLUICE_DEDUPE=${dedupe})`, async () => {
    const { first, second, pending } = openIntakes({ SLUICE_DEDUPE: dedupe });
    const lines = Array.from({ length: 1200 }, (_, n) =>
      JSON.stringify({ itemId: `a${n}`, ...VALID, ...(n % 3 === 0 && { id: `id-${n}` }) }),
    );
    lines[300] = '{';
    const half = await first.post(BULK_URL, `${lines.slice(0, 700).join('\n')}\n`, { ...NDJSON, ...KEY });
    assert.deepEqual([half.status, half.body.accepted], [207, 699]);
    const whole = await second.post(BULK_URL, lines.join('\n'), { ...NDJSON, ...KEY });
    assert.deepEqual([whole.status, whole.body.accepted, whole.body.duplicates], [207, 500, 699]);
    assert.deepEqual([whole.body.receiptId, whole.headers['idempotent-replayed']], [half.body.receiptId, undefined]);
    const again = await first.post(BULK_URL, lines.join('\n'), { ...NDJSON, ...KEY });
    assert.deepEqual([again.body.accepted, again.body.duplicates, again.body.rejectedTotal], [0, 1199, 1]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
    assert.equal(await pending(), 1199);
    const receipt = (await first.get(String(again.headers['location']))).body;
    assert.deepEqual([receipt.counts.pending, receipt.counts.rejected, receipt.entriesTotal], [1199, 1, 1]);
    const another = await first.post(BULK_URL, lines.slice(1, 3).join('\n'), { ...NDJSON, 'idempotency-key': 'other' });
    assert.equal(another.body.accepted, dedupe === 'content' ? 0 : 2, 'a line of another stream is another activity');
  });
}

test('a line that is another one now is not taken for the old one', async () => {
  const { first, pending } = openIntakes();
  const line = (type: string) => JSON.stringify({ itemId: 'a1', ...VALID, type });
  await first.post(BULK_URL, `${line('viewed')}\n${line('viewed')}`, { ...NDJSON, ...KEY });
  const changed = await first.post(BULK_URL, `${line('viewed')}\n${line('created')}`, { ...NDJSON, ...KEY });
  assert.deepEqual([changed.body.accepted, changed.body.duplicates], [1, 1]);
  assert.equal(await pending(), 3);
});

test('a JSON body and a stream under one key are two things', async () => {
  const { first } = openIntakes();
  await first.post(BULK_URL, many(1), KEY);
  const stream = await first.post(BULK_URL, JSON.stringify({ itemId: 'a1', ...VALID }), { ...NDJSON, ...KEY });
  assert.deepEqual([stream.status, stream.body.code], [422, 'idempotency_key_reused']);
});
