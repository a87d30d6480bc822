/* Counts what a reading of many connections costs Redis: commands, not time. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  makeDeadLetter,
  makeEntries,
  makePark,
  makePiece,
  makeRequeue,
  makeSettle,
  makeSettlement,
  makeTake,
  type RedisServer,
  startRedis,
} from '@sluice/testing';
import { openRedisStore } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

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
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  const ids = Array.from({ length: CONNECTIONS }, (_, n) => `con${n}`);
  for (const [n, connectionId] of ids.entries()) {
    const groups = [{ itemId: 'a', entries: makeEntries(n < LEASED ? ENTRIES : 1) }];
    await store.append(makePiece({ connectionId, sequence: n + 1, groups }));
  }
  async function scriptsOf(ask: () => Promise<void>): Promise<number> {
    await admin.config('RESETSTAT');
    await ask();
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1]);
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

test('of a connection that is forgotten no key is left', async (t) => {
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  t.after(store.close);
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  const connectionId = 'forgotten';
  const groups = ['a', 'b'].map((itemId) => ({ itemId, entries: makeEntries(3) }));
  await store.tail({ connectionId, after: null, most: 10, listenMs: 60_000 });
  await store.append(makePiece({ connectionId, lane: 'forget', lingerMs: 0, connectionsMax: 2000, groups }));
  for (const [n, verdict] of [makeDeadLetter(), makePark(), makeRequeue({ delayMs: 60_000 })].entries()) {
    const ids = { connectionId, leaseId: `call-${n}` };
    const lease = await store.take(makeTake({ ...ids, lingerMs: 0, entriesMax: 1, intervalInitialUs: 1 }));
    assert.ok(lease.status === 'leased');
    const told = { itemId: lease.itemId, status: '400', requestId: null, reason: 'no', durationMs: 1 };
    const settlement = makeSettlement(lease.entries.map(() => verdict));
    await store.settle(makeSettle({ ...ids, epoch: lease.epoch, settlement, told }));
  }
  await store.pause(connectionId);
  const choice = { filter: {}, cursor: null };
  await store.discard({ connectionId, choice, lookedAtMax: 10, chosenMax: 10, deadLettersMax: 10 });
  const keys = () => admin.keys(`*:c:${connectionId}:*`);
  assert.ok((await keys()).length > 5);
  const step = { connectionId, discardPending: true, entriesMax: 20, receiptTtlMs: 1000 };
  assert.equal((await store.forget(step)).status, 'discarding');
  assert.equal((await store.forget(step)).status, 'forgotten');
  assert.deepEqual(await keys(), []);
  assert.equal(await admin.zscore('{s0}:wake', connectionId), null);
});
