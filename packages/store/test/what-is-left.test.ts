/* What stays in Redis when everything is done: nothing that grows, and nothing without an end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ERASURE_NOTES_KEPT_MS, FLEET_SAMPLES_KEPT_MS } from '@sluice/core';
import {
  ACK,
  eventually,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
  type RedisServer,
  startRedis,
} from '@sluice/testing';
import { openRedisStore, type RedisStore, shardBase } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

let redis: RedisServer;
let store: RedisStore;
let admin: ReturnType<typeof openAdmin>;
const S = shardBase();
before(async () => {
  redis = await startRedis();
  store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  admin = openAdmin(redis);
});
after(async () => {
  admin.disconnect();
  await store.close();
  await redis.stop();
});

test('the answers of an intake expire, however few it gave', async () => {
  const full = await store.append(
    makePiece({
      connectionId: 'left',
      lane: 'brief',
      pendingMax: 0,
      groups: [{ itemId: 'a', entries: makeEntries(1) }],
    }),
  );
  assert.equal(full.status, 'full');
  await store.append(
    makePiece({ connectionId: 'left', lane: 'brief', sequence: 2, groups: [{ itemId: 'a', entries: makeEntries(1) }] }),
  );
  assert.ok((await admin.pttl(`${S}lane:brief`)) > 0);
});

test('the receipt of a request that never came to its end expires once its entries have theirs', async () => {
  const [receiptId, ref] = ['s0UNFINISHED00', 'UNFINISHED00'];
  const groups = [{ itemId: 'a', entries: makeEntries(2, { receiptRef: ref }) }];
  await store.append(makePiece({ connectionId: 'cut', lane: 'cut', receiptId, lingerMs: 0, last: false, groups }));
  assert.equal(await admin.pttl(`${S}r:${ref}`), -1, 'kept while entries are open');
  const lease = await store.take(makeTake({ connectionId: 'cut', leaseId: 'cut', lingerMs: 0 }));
  assert.ok(lease.status === 'leased');
  const settlement = makeSettlement(lease.entries.map(() => ACK));
  await store.settle({ ...makeSettle({ connectionId: 'cut', leaseId: 'cut' }), settlement });
  assert.ok((await admin.pttl(`${S}r:${ref}`)) > 0, 'expires afterwards');
  assert.equal((await store.receipt(receiptId))?.final, false, 'and does not claim to be complete');
  const more = [{ itemId: 'a', entries: makeEntries(1, { receiptRef: ref }) }];
  await store.append(makePiece({ connectionId: 'cut', lane: 'cut', sequence: 2, receiptId, groups: more }));
  assert.equal(await admin.pttl(`${S}r:${ref}`), -1, 'a later piece makes it stay');
});

test('samples of the fleet go an hour after the last one, notes of erasures a day after', async () => {
  await store.keepFleetSample({ text: 'sample', apartMs: 25_000 });
  await store.noteErasure({ id: 'e1', digest: 'd1', running: false, text: '{}' });
  for (const [key, keptMs] of [
    ['history', FLEET_SAMPLES_KEPT_MS],
    ['historyAt', FLEET_SAMPLES_KEPT_MS],
    ['erasures', ERASURE_NOTES_KEPT_MS],
    ['erasedAt', ERASURE_NOTES_KEPT_MS],
  ] as const) {
    const leftMs = await admin.pttl(`${S}${key}`);
    assert.ok(leftMs > keptMs / 2 && leftMs <= keptMs, `${key}: ${leftMs}`);
  }
});

test('receipts that expired leave the list of receipts', async () => {
  for (let n = 1; n <= 40; n++) {
    const receiptId = `s0EXPIRED${String(n).padStart(5, '0')}`;
    const rejected = { rejected: 1, rejectedEntries: [] };
    await store.append(
      makePiece({ connectionId: 'gone', lane: 'gone', sequence: n * 16 - 15, receiptId, receiptTtlMs: 1, ...rejected }),
    );
  }
  const listed = async () =>
    (await admin.zrange(`${S}receipts`, '0', '-1')).filter((ref) => ref.startsWith('EXPIRED')).length;
  assert.ok((await listed()) > 30);
  let sequence = 0;
  await eventually(
    async () => {
      sequence += 16;
      const receiptId = `s0CLEAR${String(sequence).padStart(7, '0')}`;
      await store.append(makePiece({ connectionId: 'gone', lane: 'clearing', sequence, receiptId }));
      return (await listed()) === 0;
    },
    { withinMs: 5000, what: 'no expired receipt is listed' },
  );
});
