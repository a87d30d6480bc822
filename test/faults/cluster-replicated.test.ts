/* `replicated` on a Redis Cluster: each shard asks the server that it lies on, and only its own replica matters to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, type RedisServer } from '@sluice/testing';
import { openStore } from '../support/conservation.ts';
import { caughtUp, startRedisCluster } from '../support/redis-fleet.ts';
import { type System, startSystem } from '../support/start-system.ts';
import { SHARDED_CONNECTIONS, THREE_SHARDS } from '../support/three-shards.ts';

const SEEN_MS = 60_000;

let posts = 0;
async function post(system: System, connection: string) {
  const response = await fetch(`${system.intakes[0]!.url}/v1/connections/${connection}/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      activities: [
        {
          itemId: `item-${++posts}`,
          type: 'viewed',
          startDateTime: '2026-01-01T00:00:00Z',
          performedBy: { type: 'user', id: '11111111-2222-4333-8444-555555555555' },
        },
      ],
    }),
  });
  const { code = null } = (await response.json()) as { code?: string };
  return { status: response.status, code, durability: response.headers.get('sluice-durability') };
}

const promised = (system: System, connection: string, what: string) =>
  eventually(async () => (await post(system, connection)).status === 202, { withinMs: SEEN_MS, what });

test('a replica that stops keeps its own shard from promising `replicated`, and what was promised survives its owner', async (t) => {
  const cluster = await startRedisCluster();
  t.after(() => cluster.stop());
  const system = await startSystem({
    ...THREE_SHARDS,
    workers: 0,
    redisElsewhere: cluster,
    env: { SLUICE_DURABILITY: 'replicated' },
  });
  t.after(() => system.stop());
  for (const connection of SHARDED_CONNECTIONS) {
    await promised(system, connection, `${connection} is replicated`);
    assert.equal((await post(system, connection)).durability, 'replicated');
  }
  const store = openStore(system);
  t.after(() => store.close());
  const connection = SHARDED_CONNECTIONS[1]!;
  const shard = `{${store.shardTagOf(connection)}}:`;
  const owner = await cluster.ownerOf(shard);
  const [replica] = (await cluster.replicasOf(owner)) as readonly [RedisServer];
  replica.pause();
  const refused = await eventually(
    async () => {
      const answer = await post(system, connection);
      return answer.status === 503 ? answer : null;
    },
    { withinMs: SEEN_MS, what: 'its shard promises nothing' },
  );
  assert.equal(refused.code, 'durability_not_reached');
  replica.resume();
  await promised(system, connection, 'it is replicated again');
  const before = (await store.connection(connection))?.pending ?? 0;
  await caughtUp(owner, replica);
  await owner.kill9();
  await eventually(async () => (await cluster.ownerOf(shard)).port === replica.port, {
    withinMs: SEEN_MS,
    what: 'the replica owns the shard',
  });
  const kept = await eventually(async () => (await store.connection(connection))?.pending ?? null, {
    withinMs: SEEN_MS,
    what: 'the new owner answers',
  });
  assert.ok(kept >= before, `${kept} of ${before} are there`);
});
