/* A server of a Redis Cluster is gone with its replica: the tenants of its shard wait, those of the others do not notice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { drained, openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startRedisCluster } from '../support/redis-fleet.ts';
import { startSystem } from '../support/start-system.ts';
import { SHARDED_CONNECTIONS, THREE_SHARDS } from '../support/three-shards.ts';

const items = Array.from({ length: 20 }, (_, n) => `item-${n}`);
const GONE_MS = 60_000;

test('a shard that is gone with its replica stops its own tenant, and the other two are taken and delivered', async (t) => {
  const cluster = await startRedisCluster(['--cluster-require-full-coverage', 'no']);
  t.after(() => cluster.stop());
  const system = await startSystem({ ...THREE_SHARDS, redisElsewhere: cluster });
  t.after(() => system.stop());
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  for (const connection of SHARDED_CONNECTIONS) {
    await eventually(async () => (await producer.post({ connection, items, count: 20 })) === 202, {
      withinMs: GONE_MS,
      what: `activities of ${connection} are taken`,
    });
  }
  await drained(system, SHARDED_CONNECTIONS, GONE_MS);
  const store = openStore(system);
  t.after(() => store.close());
  const lost = SHARDED_CONNECTIONS[1]!;
  const others = SHARDED_CONNECTIONS.filter((connection) => connection !== lost);
  const owner = await cluster.ownerOf(`{${store.shardTagOf(lost)}}:`);
  for (const server of [...(await cluster.replicasOf(owner)), owner]) await server.kill9();
  await eventually(async () => (await producer.post({ connection: lost, items, count: 1 })) === 503, {
    withinMs: GONE_MS,
    what: 'its tenant is told to wait',
  });
  for (const connection of others) {
    for (let round = 0; round < 3; round++) {
      await eventually(async () => (await producer.post({ connection, items, count: 40 })) === 202, {
        withinMs: GONE_MS,
        what: `activities of ${connection} are taken`,
      });
    }
  }
  await drained(system, others, GONE_MS);
  const ready = await fetch(`${system.intakes[0]!.url}/health/ready`);
  assert.equal(ready.status, 200, 'the intake is of use to the others');
});
