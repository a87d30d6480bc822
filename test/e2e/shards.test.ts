/* Tenants spread over three shards of one Redis: each activity arrives once, and people see one Sluice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type Service, spawnService } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { assertDeliveredOnce, drained, openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { type System, startSystem } from '../support/start-system.ts';
import { SHARDED_CONNECTIONS, THREE_SHARDS } from '../support/three-shards.ts';

const items = Array.from({ length: 12 }, (_, n) => `item-${n}`);
const SEEN_MS = 60_000;

let system: System;
let console_: Service;
before(async () => {
  system = await startSystem({ ...THREE_SHARDS, intakes: 2 });
  console_ = await spawnService({ service: 'console', env: { ...system.env } });
});
after(async () => {
  await console_?.kill('SIGKILL');
  await system?.stop();
});

const steer = (id: string, action: 'pause' | 'resume') =>
  fetch(`${console_.url}/api/v1/connections/${id}/${action}`, { method: 'POST' });
const ask = async (path: string) => (await fetch(`${console_.url}/api/v1/${path}`)).json() as Promise<never>;

test('what is sent to tenants of three shards is delivered once each, with everything in its own shard', async () => {
  const producer = startProducer(() => system.intakes.map(({ url }) => url!));
  for (let round = 0; round < 10; round++) {
    const answers = SHARDED_CONNECTIONS.map((connection) => producer.post({ connection, items, count: 120 }));
    assert.deepEqual(await Promise.all(answers), [202, 202, 202]);
  }
  await drained(system, SHARDED_CONNECTIONS, 120_000);
  await assertDeliveredOnce(system, producer);
  const [store, admin] = [openStore(system), openAdmin(system.redis)];
  try {
    assert.equal(new Set(SHARDED_CONNECTIONS.map((id) => store.shardTagOf(id))).size, 3);
    const keys = await admin.keys('*');
    for (const id of SHARDED_CONNECTIONS) {
      const tag = `{${store.shardTagOf(id)}}:`;
      const strays = keys.filter((key) => key.includes(`:c:${id}:`) && !key.startsWith(tag));
      assert.deepEqual(strays, [], `all of ${id} lies in ${tag}`);
      assert.ok(
        keys.some((key) => key.startsWith(`${tag}bull:`)),
        `${tag} has a queue of its own`,
      );
    }
  } finally {
    admin.disconnect();
    await store.close();
  }
});

test('the console shows the connections of all shards, their sums, and the queue of each', async () => {
  await eventually(
    async () => {
      const { connections } = (await ask('connections')) as { connections: { connectionId: string }[] };
      return SHARDED_CONNECTIONS.every((id) => connections.some((one) => one.connectionId === id));
    },
    { withinMs: SEEN_MS, what: 'all three are listed' },
  );
  const metrics = async () => (await fetch(`${console_.url}/metrics`)).text();
  await eventually(
    async () => {
      const text = await metrics();
      return SHARDED_CONNECTIONS.every((id) =>
        text.includes(`sluice_settle_entries_total{connection="${id}",verdict="delivered"} 1200`),
      );
    },
    { withinMs: SEEN_MS, what: 'the series say what was delivered' },
  );
  const queues = await (await fetch(`${console_.url}/queues/api/queues`)).text();
  for (const name of ['shard 1 drain', 'shard 2 drain', 'shard 3 drain', 'sweep'])
    assert.ok(queues.includes(name), name);
});

test('receipts, Idempotency-Keys and a pause find their shard', async () => {
  for (const [n, id] of SHARDED_CONNECTIONS.entries()) {
    assert.equal((await steer(id, 'pause')).status, 200);
    const path = `/v1/connections/${id}/activities`;
    const send = () =>
      fetch(`${system.intakes[n % 2]!.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `key-${id}` },
        body: JSON.stringify({
          activities: [
            {
              itemId: 'kept',
              type: 'viewed',
              startDateTime: '2026-01-01T00:00:00Z',
              performedBy: { type: 'user', id: '11111111-2222-4333-8444-555555555555' },
            },
          ],
        }),
      });
    const first = await send();
    assert.equal(first.status, 202);
    const again = await send();
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [202, 'true']);
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    await first.text();
    await again.text();
    const receiptUrl = `${system.intakes[1]!.url}${first.headers.get('location')}`;
    const receipt = async () => (await (await fetch(receiptUrl)).json()) as { connectionId: string; final: boolean };
    assert.deepEqual([(await receipt()).connectionId, (await receipt()).final], [id, false]);
    const query = new URLSearchParams({ idempotencyKey: `key-${id}`, path });
    const found = await fetch(`${system.intakes[0]!.url}/v1/receipts?${query}`);
    assert.equal(found.headers.get('content-location'), first.headers.get('location'));
    await found.text();
    assert.equal((await steer(id, 'resume')).status, 200);
    await eventually(async () => (await receipt()).final, { withinMs: SEEN_MS, what: `what ${id} kept is delivered` });
  }
});

test('a service that is told another number of shards ends and says why', async () => {
  const store = openStore(system);
  await store.pause(SHARDED_CONNECTIONS[1]!);
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  assert.equal(await producer.post({ connection: SHARDED_CONNECTIONS[1]!, items: ['late'], count: 1 }), 202);
  await store.close();
  for (const service of ['intake', 'worker', 'console']) {
    const other = await spawnService({ service, env: { ...system.env, SLUICE_SHARDS: '2' }, readyMsg: null });
    const { code } = await other.exited;
    assert.equal(code, 78, service);
    assert.ok(
      other.logs.some(({ msg }) =>
        /^SLUICE_SHARDS is 2, but what is stored lies in 3: 1 entries of hrSecond\. Set it to 3\./.test(msg),
      ),
      `${service} says why`,
    );
  }
});
