/* Tenants in shards of their own, and processes that are told different numbers of shards. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { eventually, makeEntries, makePiece, makeTake, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore, SHARD_TAGS, type ShardsDiffer } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

/** By connection; of three shards these three have one each. */
const TENANTS: Readonly<Record<string, string>> = { hr: 'tenant-2', tickets: 'tenant-7', wiki: 'tenant-3' };
const CONNECTIONS = Object.keys(TENANTS);
const TAGS = SHARD_TAGS.slice(0, 3);

let redis: RedisServer;
let admin: ReturnType<typeof openAdmin>;
const opened: RedisStore[] = [];
before(async () => {
  redis = await startRedis();
  admin = openAdmin(redis);
});
after(async () => {
  admin.disconnect();
  await redis.stop();
});

function open(count: number, tenants = TENANTS, onUnusable?: (error: ShardsDiffer) => void): RedisStore {
  const store = openRedisStore({
    url: redis.url,
    shards: { count, tenantOf: (id) => tenants[id] ?? null },
    role: 'worker',
    onError: () => {},
    ...(onUnusable && { onUnusable }),
  });
  opened.push(store);
  return store;
}

let store: RedisStore;
beforeEach(async () => {
  store = open(3);
  await admin.flushall();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

let sequence = 0;
const appendTo = (connectionId: string, count = 1, to = store) =>
  to.append(
    makePiece({
      connectionId,
      sequence: ++sequence,
      receiptId: `${to.shardTagOf(connectionId)}receipt-${String(sequence).padStart(4, '0')}`,
      groups: [
        { itemId: 'a', entries: makeEntries(count, { receiptRef: `receipt-${String(sequence).padStart(4, '0')}` }) },
      ],
    }),
  );

test('each tenant lies in a shard whole, and everything of it is found there', async () => {
  assert.deepEqual(CONNECTIONS.map((id) => store.shardOf(id)).toSorted(), [0, 1, 2], 'three tenants, three shards');
  for (const id of CONNECTIONS) assert.equal((await appendTo(id, 2)).status, 'appended');
  for (const id of CONNECTIONS) {
    const tag = store.shardTagOf(id);
    assert.equal(await admin.exists(`{${tag}}:c:${id}:meta`), 1);
    const elsewhere = TAGS.filter((one) => one !== tag).map((one) => `{${one}}:c:${id}:meta`);
    assert.equal(await admin.exists(...elsewhere), 0);
  }
  assert.deepEqual((await store.connectionIds()).toSorted(), CONNECTIONS);
  const views = await store.connections(['wiki', 'nobody', 'hr', 'tickets']);
  assert.deepEqual(
    views.map(({ connectionId, pending }) => [connectionId, pending]),
    [
      ['wiki', 2],
      ['hr', 2],
      ['tickets', 2],
    ],
  );
  for (const id of CONNECTIONS) {
    const taken = await store.take(makeTake({ connectionId: id, tenantId: TENANTS[id]!, lingerMs: 0 }));
    assert.equal(taken.status, 'leased');
  }
});

test('a receipt id leads to its shard, one of no shard to nothing, and many are asked for at once', async () => {
  const ids: string[] = [];
  for (const id of CONNECTIONS) {
    await appendTo(id);
    ids.push(`${store.shardTagOf(id)}receipt-${String(sequence).padStart(4, '0')}`);
  }
  const connections = await Promise.all(ids.map(async (id) => (await store.receipt(id))?.connectionId));
  assert.deepEqual(connections, CONNECTIONS);
  assert.equal(await store.receipt('s7receipt-0001'), null);
  assert.deepEqual(await store.endedReceipts([...ids, 's7receipt-0001']), ['s7receipt-0001']);
});

test('a sweep finds what is overdue in every shard, and a connection that no tenant has any more is found where it lies', async () => {
  for (const id of CONNECTIONS) await appendTo(id);
  for (const tag of TAGS) await admin.zadd(`{${tag}}:wake`, 1, CONNECTIONS.find((id) => store.shardTagOf(id) === tag)!);
  assert.deepEqual((await store.sweep({ lateMs: 0, notWithinMs: 0 })).toSorted(), CONNECTIONS);
  const stranger = open(3, {});
  assert.deepEqual((await stranger.connectionIds()).toSorted(), CONNECTIONS);
  for (const id of CONNECTIONS) assert.equal((await stranger.connection(id))?.pending, 1);
});

test('another number of shards is refused while anything is stored, and taken when nothing is', async () => {
  await appendTo('hr', 3);
  await appendTo('wiki', 2);
  const refusals: ShardsDiffer[] = [];
  for (const count of [1, 2, 4]) {
    const other = open(count, TENANTS, (error) => refusals.push(error));
    await assert.rejects(other.ping(), {
      name: 'ShardsDiffer',
      exitCode: 78,
      message: new RegExp(
        `^SLUICE_SHARDS is ${count}, but what is stored lies in 3: 5 entries of .*hr.* Set it to 3\\.`,
      ),
    });
    await assert.rejects(appendTo('hr', 1, other), { name: 'ShardsDiffer' });
  }
  assert.equal(refusals.length, 3, 'each process is told once');
  for (const tag of TAGS) await admin.hset(`{${tag}}:c:hr:meta`, 'pending', 0);
  for (const tag of TAGS) await admin.hset(`{${tag}}:c:wiki:meta`, 'pending', 0);
  const fewer = open(2);
  await fewer.ping();
  await assert.rejects(
    store.ping(),
    /SLUICE_SHARDS is 3, but another service has begun with 2/,
    'one that still runs finds out',
  );
});

test('what lay there before shards were counted lies in one', async () => {
  const before = open(1);
  await appendTo('hr', 1, before);
  await admin.del('{s0}:shards');
  await assert.rejects(open(3).ping(), /SLUICE_SHARDS is 3, but what is stored lies in 1: 1 entries of hr/);
  await open(1).ping();
});

test('a tenant with another name is refused while its old shard holds anything of it', async () => {
  for (const id of CONNECTIONS) await appendTo(id);
  const renamed = { ...TENANTS, hr: TENANTS['wiki']! };
  const refusals: ShardsDiffer[] = [];
  const other = open(3, renamed, (error) => refusals.push(error));
  await other.ping();
  await eventually(() => refusals.length === 1, { withinMs: 10_000, what: 'it is told' });
  await assert.rejects(other.ping(), /entries would be looked for in another shard .*: 1 entries of hr\./);
});
