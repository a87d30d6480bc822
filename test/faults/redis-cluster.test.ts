/* A Redis Cluster of three with a replica each and a shard on each: one moves to a replica under load, and back when that is killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained, openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { askRedis, caughtUp, startRedisCluster } from '../support/redis-fleet.ts';
import { startSystem } from '../support/start-system.ts';
import { SHARDED_CONNECTIONS, THREE_SHARDS } from '../support/three-shards.ts';

const items = Array.from({ length: 40 }, (_, n) => `item-${n}`);
const MOVED_MS = 60_000;

test('three shards on three servers; one moves to a replica under load, then its new owner is killed: nothing acknowledged is lost or doubled', async (t) => {
  const cluster = await startRedisCluster();
  t.after(() => cluster.stop());
  const system = await startSystem({ ...THREE_SHARDS, intakes: 2, redisElsewhere: cluster });
  t.after(() => system.stop());
  const producer = startProducer(() => system.intakes.map(({ url }) => url!), { resend: true });
  let posts = 0;
  const postToAll = async () => {
    const sent = SHARDED_CONNECTIONS.map((connection) => producer.post({ connection, items, count: 40 }));
    assert.deepEqual(await Promise.all(sent), [202, 202, 202]);
    posts += 1;
  };
  let loading = true;
  const load = (async () => {
    while (loading) await postToAll();
  })();
  const goesOn = async (what: string) => {
    const before = posts;
    await eventually(() => posts >= before + 5, { withinMs: MOVED_MS, what });
  };
  await goesOn('activities are taken');

  const store = openStore(system);
  t.after(() => store.close());
  const owners = await Promise.all(store.shardTags.map((tag) => cluster.ownerOf(`{${tag}}:`)));
  assert.equal(new Set(owners.map(({ port }) => port)).size, 3, 'each server holds a shard');
  const moved = `{${store.shardTagOf(SHARDED_CONNECTIONS[1]!)}}:`;
  const owner = await cluster.ownerOf(moved);
  const [replica] = await cluster.replicasOf(owner);
  assert.ok(replica);
  await askRedis(replica, 'CLUSTER', 'FAILOVER');
  await eventually(async () => (await cluster.ownerOf(moved)).port === replica.port, {
    withinMs: MOVED_MS,
    what: 'the replica owns the shard',
  });
  await goesOn('activities are taken by the new owner');

  // A replica that has not got a write when its owner dies cannot have it: what is acknowledged meanwhile is of `replicated`.
  loading = false;
  await load;
  await drained(system, SHARDED_CONNECTIONS, 120_000);
  await caughtUp(replica, owner);
  await replica.kill9();
  await eventually(async () => (await cluster.ownerOf(moved)).port === owner.port, {
    withinMs: MOVED_MS,
    what: 'the first owner has the shard again',
  });
  for (let round = 0; round < 5; round++) await postToAll();
  await drained(system, SHARDED_CONNECTIONS, 120_000);
  await assertDeliveredOnce(system, producer);
  t.diagnostic(`${producer.acknowledged.length} activities in ${posts * 3} requests`);
});
