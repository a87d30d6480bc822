/* A Redis at its maxmemory: whoever is to mend it can still sign in, look, be told and see who works. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEntries, makePiece, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

const CONNECTION = 'full';
const SESSION = { id: 'digest', text: '{"kind":"key"}', lifeMs: 60_000, idleMs: 60_000 };

let redis: RedisServer;
let store: RedisStore;
before(async () => {
  redis = await startRedis();
  store = openRedisStore({ url: redis.url, role: 'intake', onError: () => {} });
  await new Promise<void>((resolve) => store.onConnection(resolve));
  await store.append(makePiece({ connectionId: CONNECTION, groups: [{ itemId: 'a', entries: makeEntries(1) }] }));
  const admin = openAdmin(redis);
  await admin.config('SET', 'maxmemory', '1');
  admin.disconnect();
});
after(async () => {
  await store.close();
  await redis.stop();
});

test('it takes nothing that is to be stored', async () => {
  const more = makePiece({ connectionId: CONNECTION, sequence: 2, groups: [{ itemId: 'b', entries: makeEntries(1) }] });
  await assert.rejects(store.append(more), /OOM/);
});

test('a person signs in, is known again and leaves', async () => {
  await store.openSession(SESSION);
  assert.equal(await store.findSession(SESSION), SESSION.text);
  await store.endSession(SESSION.id);
  assert.equal(await store.findSession(SESSION), null);
});

test('workers are seen, what happens is heard, and whoever is to be told of a state is', async () => {
  await store.noteWorker({ id: 'one', version: '1', host: 'here', callsInFlight: 0 });
  assert.deepEqual(
    (await store.workers()).workers.map(({ id }) => id),
    ['one'],
  );
  assert.notEqual(await store.tail({ connectionId: CONNECTION, after: null, most: 1, listenMs: 60_000 }), null);
  assert.equal(await store.sightAlert({ key: 'held/full', present: true, tellMs: 60_000 }), 'begin');
  await store.alertTold('held/full');
});
