/* Redis's clock is set back, by an operator or by its time service: what was written before lies in the future. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEntries, makePiece, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore, shardBase } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

let redis: RedisServer;
let store: RedisStore;
before(async () => {
  redis = await startRedis();
  store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
});
after(async () => {
  await store.close();
  await redis.stop();
});

test('the sweep goes on, though the last one lies an hour ahead', async (t) => {
  await store.append(
    makePiece({ connectionId: 'setback', lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(1) }] }),
  );
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  await admin.set(`${shardBase()}sweptAt`, (await store.nowMs()) + 3_600_000);
  const found = await store.sweep({ lateMs: -1, notWithinMs: 250 });
  assert.deepEqual(found, ['setback']);
});

test('samples for the charts go on, though the last one lies an hour ahead', async (t) => {
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  await admin.set(`${shardBase()}historyAt`, (await store.nowMs()) + 3_600_000);
  assert.equal(await store.keepFleetSample({ text: 'set back', apartMs: 25_000 }), true);
  assert.deepEqual(await store.fleetSamples(0), ['set back']);
});
