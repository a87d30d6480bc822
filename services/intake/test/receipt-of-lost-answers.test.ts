/* Who has no answer learns the receipt all the same: by its key, or early. On the store in memory. */
import assert from 'node:assert/strict';
import { request as httpRequest, type InformationEvent } from 'node:http';
import { type TestContext, test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { listen, stopServer } from '@sluice/http';
import { createMemoryActivityStore, eventually, manualClock } from '@sluice/testing';
import { BULK_URL, ITEM_URL, openFakeIntake, VALID } from './fake-parts.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify({ itemId: `a${from + n}`, ...VALID })}\n`).join('');

function open(parts = {}) {
  const store = createMemoryActivityStore(manualClock());
  let refs = 0;
  const randomBytes = (count: number) => new Uint8Array(count).fill(10 + refs++);
  return { ...openFakeIntake({}, { store, randomBytes, ...parts }), memory: store };
}

const byKey = (key: string, path: string) =>
  `/v1/receipts?idempotencyKey=${encodeURIComponent(key)}&path=${encodeURIComponent(path)}`;

test('the key and the path lead to the receipt of a request whose answer was lost', async () => {
  const { post, get } = open();
  const answer = await post(ITEM_URL, VALID, { 'idempotency-key': '"k 1"' });
  for (const key of ['k 1', '"k 1"']) {
    const found = await get(byKey(key, ITEM_URL));
    assert.deepEqual([found.status, found.body.receiptId], [200, answer.body.receiptId]);
    assert.equal(found.headers['content-location'], answer.headers['location']);
    assert.equal(found.headers['cache-control'], 'no-store');
  }
  for (const [key, path] of [
    ['k 2', ITEM_URL],
    ['k 1', BULK_URL],
  ] as const) {
    const none = await get(byKey(key, path));
    assert.deepEqual([none.status, none.body.code], [404, 'receipt_not_found']);
  }
  for (const url of ['/v1/receipts', '/v1/receipts?idempotencyKey=k', byKey('x'.repeat(256), ITEM_URL)]) {
    const invalid = await get(url);
    assert.deepEqual([invalid.status, invalid.body.code], [400, 'receipt_query_invalid'], url);
  }
});

/** A stream that hangs up when it was told where its receipt will be and something of it is stored. */
async function hangUp(t: TestContext, headers: Record<string, string>) {
  const { server, memory, get } = open();
  const url = new URL(await listen(server, { host: '127.0.0.1', port: 0 }));
  t.after(() => stopServer(server, 100));
  const sending = httpRequest({
    host: url.hostname,
    port: url.port,
    path: BULK_URL,
    method: 'POST',
    headers: { ...NDJSON, ...headers },
  });
  const said: InformationEvent[] = [];
  sending.on('information', (one) => said.push(one));
  const ended = new Promise((resolve) => sending.once('close', resolve));
  sending.on('error', () => {});
  sending.write(lines(700));
  await eventually(async () => ((await memory.connection('hr1'))?.pending ?? 0) > 0, {
    withinMs: 10_000,
    what: 'the first piece is stored',
  });
  if ('expect' in headers) {
    const told = () => said.some(({ statusCode }) => statusCode === 103);
    await eventually(told, { withinMs: 10_000, what: 'the receipt is told' });
  }
  sending.destroy();
  await ended;
  return { get, said };
}

test('who waits for 100 (Continue) is told by 103 where the receipt of a stream will be; what is stored is in it', async (t) => {
  const { get, said } = await hangUp(t, { expect: '100-continue' });
  const early = said.find(({ statusCode }) => statusCode === 103);
  assert.match(String(early?.headers['location']), /^\/v1\/receipts\/s0\w{12}$/);
  assert.equal(early?.headers['link'], `<${early?.headers['location']}>; rel="describedby"`);
  const receipt = await get(String(early?.headers['location']));
  assert.deepEqual([receipt.status, receipt.body.counts.pending, receipt.body.lastLine], [200, 500, 500]);
  assert.deepEqual([receipt.body.final, receipt.body.complete], [false, false]);
});

test('who does not is told nothing early, and finds the receipt by its key', async (t) => {
  const { get, said } = await hangUp(t, { 'idempotency-key': 'stream-7' });
  assert.deepEqual(said, []);
  const receipt = await get(byKey('stream-7', BULK_URL));
  assert.deepEqual([receipt.status, receipt.body.counts.pending, receipt.body.lastLine], [200, 500, 500]);
});

test('an API key without receipts gets none, and an Idempotency-Key works without', async () => {
  const access = fixedAccess([{ name: 'a', scopes: ['ingest'], connections: '*', receipts: false }]);
  const { post, get, memory } = open({ access, hostsAllowed: 'any' });
  const bearer = { authorization: `Bearer ${testKey(0)}` };
  const key = { ...bearer, 'idempotency-key': 'k' };
  const answer = await post(ITEM_URL, VALID, key);
  assert.deepEqual([answer.status, answer.body.receiptId, answer.headers['location']], [202, null, undefined]);
  const again = await post(ITEM_URL, VALID, key);
  assert.deepEqual([again.body, again.headers['idempotent-replayed']], [answer.body, 'true']);
  const stream = await post(BULK_URL, lines(3), { ...NDJSON, ...key });
  assert.deepEqual([stream.status, stream.body.receiptId], [202, null]);
  assert.equal((await get(byKey('k', ITEM_URL), bearer)).body.code, 'receipt_not_found');
  assert.equal((await memory.connection('hr1'))?.pending, 4);
});
