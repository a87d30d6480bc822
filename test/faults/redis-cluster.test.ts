/* A Redis Cluster of three with a replica each: its shard moves to a replica under load, and to another when its owner is killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { askRedis, caughtUp, startRedisCluster } from '../support/redis-fleet.ts';
import { startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 40 }, (_, n) => `item-${n}`);
const MOVED_MS = 60_000;

test('the shard moves to a replica under load, then its new owner is killed: nothing acknowledged is lost or doubled', async (t) => {
  const cluster = await startRedisCluster();
  t.after(() => cluster.stop());
  const system = await startSystem({ intakes: 2, redisElsewhere: cluster });
  t.after(() => system.stop());
  const producer = startProducer(() => system.intakes.map(({ url }) => url!), { resend: true });
  let loading = true;
  let posts = 0;
  const load = (async () => {
    while (loading) {
      assert.equal(await producer.post({ connection: 'clustered', items, count: 40 }), 202);
      posts += 1;
    }
  })();
  const goesOn = async (what: string) => {
    const before = posts;
    await eventually(() => posts >= before + 10, { withinMs: MOVED_MS, what });
  };
  await goesOn('activities are taken');

  const owner = await cluster.ownerOf('{s0}:');
  const [replica] = await cluster.replicasOf(owner);
  assert.ok(replica);
  await askRedis(replica, 'CLUSTER', 'FAILOVER');
  await eventually(async () => (await cluster.ownerOf('{s0}:')).port === replica.port, {
    withinMs: MOVED_MS,
    what: 'the replica owns the shard',
  });
  await goesOn('activities are taken by the new owner');

  // A replica that has not got a write when its owner dies cannot have it: what is acknowledged meanwhile is of `replicated`.
  loading = false;
  await load;
  await drained(system, ['clustered'], 60_000);
  await caughtUp(replica, owner);
  await replica.kill9();
  await eventually(async () => (await cluster.ownerOf('{s0}:')).port === owner.port, {
    withinMs: MOVED_MS,
    what: 'the first owner has the shard again',
  });
  for (let round = 0; round < 5; round++) {
    assert.equal(await producer.post({ connection: 'clustered', items, count: 40 }), 202);
  }
  await drained(system, ['clustered'], 60_000);
  await assertDeliveredOnce(system, producer);
  t.diagnostic(`${producer.acknowledged.length} activities in ${posts + 5} requests`);
});
