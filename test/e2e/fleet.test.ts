/* Several workers on one connection: they share its backlog, and its bounds hold for all of them together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { assertDeliveredOnce, drained, openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 50 }, (_, n) => `item-${n}`);

/** Calls to Graph that a worker has made, from its own series. */
async function callsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const series = text.split('\n').filter((line) => line.startsWith('sluice_deliver_calls_total{'));
  return series.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

test('workers whose calls are full share one connection, and its calls in flight stay within the bound of the fleet', async (t) => {
  const system = await startSystem({
    workers: 3,
    env: {
      SLUICE_WORKER_CALLS_MAX: '3',
      SLUICE_INFLIGHT_MAX: '8',
      SLUICE_CALL_TIMEOUT_MS: '3000',
      SLUICE_LEASE_MS: '9000',
    },
    // Graph itself refuses the ninth call at once: the bound is not only counted by us.
    behavior: { latencyMs: [150, 150], concurrency: 8 },
  });
  const store = openStore(system);
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 6; round++) await producer.post({ connection: 'shared', items, count: 1000 });
    let mostInFlight = 0;
    const leases = async () => store.redis.zcard('{s0}:c:shared:lease');
    await eventually(
      async () => {
        mostInFlight = Math.max(mostInFlight, await leases());
        return ((await store.connection('shared'))?.pending ?? 0) === 0;
      },
      { withinMs: 60_000, what: 'the backlog is delivered' },
    );
    assert.ok(mostInFlight <= 8, `${mostInFlight} calls in flight`);
    assert.ok(mostInFlight > 3, `one worker alone has at most 3 calls in flight, the fleet had ${mostInFlight}`);
    const { byStatus } = await system.emulator.stats();
    assert.equal(byStatus['429'] ?? 0, 0, 'Graph never saw a ninth call');
    const calls = await Promise.all(system.workers.map((worker) => callsOf(worker.url!)));
    t.diagnostic(`calls of the workers: ${calls.join(', ')}; most in flight ${mostInFlight}`);
    assert.ok(calls.filter((n) => n > 20).length >= 2, `at least two workers took part: ${calls.join(', ')}`);
    await assertDeliveredOnce(system, producer);
  } finally {
    await store.close();
    await system.stop();
  }
});

test('the same code runs on a node of a Redis Cluster, and every key lies in the shard’s slot', async () => {
  const system = await startSystem({ workers: 0, intakes: 0, redisOptions: { cluster: true } });
  const admin = openAdmin(system.redis);
  try {
    await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => (await admin.cluster('INFO')).includes('cluster_state:ok'), {
      withinMs: 10_000,
      what: 'the cluster is up',
    });
    await system.startIntake();
    await system.startWorker();
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 3; round++)
      assert.equal(await producer.post({ connection: 'clustered', items, count: 200 }), 202);
    await drained(system, ['clustered'], 30_000);
    await assertDeliveredOnce(system, producer);
    const keys = await admin.keys('*');
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('{s0}')),
      [],
    );
    assert.ok(keys.length > 5);
  } finally {
    admin.disconnect();
    await system.stop();
  }
});
