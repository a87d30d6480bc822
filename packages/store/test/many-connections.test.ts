/* Counts what a reading of many connections costs Redis: commands, not time. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEntries, makePiece, makeTake, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore } from '../src/index.ts';

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

const CONNECTIONS = 1000;
const LEASED = 60;
const ENTRIES = 20;

test('a thousand connections are read with a dozen commands, and no script looks at much more than 500 entries', async (t) => {
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  t.after(store.close);
  const ids = Array.from({ length: CONNECTIONS }, (_, n) => `con${n}`);
  for (const [n, connectionId] of ids.entries()) {
    const groups = [{ itemId: 'a', entries: makeEntries(n < LEASED ? ENTRIES : 1) }];
    await store.append(makePiece({ connectionId, sequence: n + 1, groups }));
  }
  async function scriptsOf(ask: () => Promise<void>): Promise<number> {
    await store.redis.config('RESETSTAT');
    await ask();
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await store.redis.info('commandstats'))?.[1]);
  }
  await store.connections(ids.slice(0, 1));
  assert.equal(await scriptsOf(async () => assert.equal((await store.connections(ids)).length, CONNECTIONS)), 10);
  for (const connectionId of ids.slice(0, LEASED)) {
    const lease = { connectionId, leaseId: `lease-${connectionId}`, lingerMs: 0, intervalInitialUs: 1 };
    assert.equal((await store.take(makeTake({ ...lease, entriesMax: ENTRIES }))).status, 'leased');
  }
  const scripts = await scriptsOf(async () => {
    const views = await store.connections(ids);
    assert.deepEqual(
      views.map(({ connectionId }) => connectionId),
      ids,
    );
    assert.equal(
      views.reduce((sum, { leased }) => sum + leased, 0),
      LEASED * ENTRIES,
    );
  });
  // 25 connections with a full call each are 500 entries: two scripts end early, and the others have a hundred each.
  assert.equal(scripts, 12);
});
