/*
  What another version left in Redis. The bytes are written by hand, as the first version writes them: items, a lease whose worker is gone,
  retry groups, a dead letter. They are delivered. What a version to come may have written is not: it is kept whole, said so, and holds
  nobody up.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, spawnService } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { consoleClient } from '../support/console-client.ts';
import { assertEquations, scrape } from '../support/scrape.ts';
import { type System, startSystem } from '../support/start-system.ts';

const SHARD = '{s0}:';
const BASE = '{s0}:c:hr1:';
/** 2026-01-01, as the columns of a start and of a time of acceptance have it. */
const [START, ACCEPTED] = ['0mngjuj9c', '0mjuohs00'];
const ACCEPTED_MS = Number.parseInt(ACCEPTED, 36);
/** What `best` weighs the fill of an item with. */
const FILL = 2 ** 42;
const NOBODY = '------------';
const OTHER_PERSON = '4b9b7f0c-5f2a-4a39-9c1e-0d8a5d3e7a11';

/** Version a: version, type, start, accepted, attempts, first tried, receipt, index, kind of performer, performer. */
const entry = (nth: number) =>
  `a2${START}${nth.toString(36)}${ACCEPTED}00000000000${NOBODY}${nth.toString(36).padStart(5, '0')}1${OTHER_PERSON}`;
const REASON = '{"code":"badRequest","message":"No.","requestId":null}';

type Redis = ReturnType<typeof openAdmin>;

async function withRedis(system: System, use: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = openAdmin(system.redis);
  try {
    await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function putItem(redis: Redis, item: string, entries: readonly string[]): Promise<void> {
  await redis.rpush(`${BASE}i:${item}`, ...entries);
  await redis.zadd(`${BASE}age`, ACCEPTED_MS, item);
  await redis.zadd(`${BASE}best`, ACCEPTED_MS - entries.length * FILL, item);
  await redis.hincrby(`${BASE}meta`, 'appended', entries.length);
  await redis.hincrby(`${BASE}meta`, 'pending', entries.length);
}

async function putGroup(
  redis: Redis,
  set: 'later' | 'whole',
  group: string,
  entries: readonly string[],
): Promise<void> {
  await redis.rpush(`${BASE}g:${group}`, 'delayed', ...entries);
  await redis.zadd(`${BASE}${set}`, ACCEPTED_MS, group);
  for (const field of ['appended', 'pending', 'delayed']) await redis.hincrby(`${BASE}meta`, field, entries.length);
}

async function announce(redis: Redis): Promise<void> {
  await redis.sadd(`${SHARD}connections`, 'hr1');
  await redis.zadd(`${SHARD}wake`, ACCEPTED_MS, 'hr1');
}

const startsOf = async (system: System) =>
  (await system.emulator.ledger()).map(({ activity }) => activity.startDateTime.slice(-4, -1)).sort();

test('what the version before left in items, a lease, retry groups and dead letters is delivered after an upgrade', async () => {
  const system = await startSystem({ workers: 0, intakes: 0 });
  const operator = await spawnService({ service: 'console', env: system.env });
  try {
    await withRedis(system, async (redis) => {
      await putItem(redis, 'waiting', [entry(1), entry(2)]);
      await putGroup(redis, 'later', 'gone:0', [entry(3)]);
      await putGroup(redis, 'whole', 'gone:1', [entry(4)]);
      await redis.rpush(`${BASE}l:gone`, 'leased', '0', '0', '0', entry(5));
      await redis.zadd(`${BASE}lease`, ACCEPTED_MS, 'gone');
      await redis.xadd(`${BASE}dead`, '*', 'item', 'ended', 'entry', entry(6), 'reason', REASON, 'at', ACCEPTED_MS);
      await redis.hincrby(`${BASE}meta`, 'appended', 2);
      await redis.hincrby(`${BASE}meta`, 'pending', 1);
      await redis.hincrby(`${BASE}meta`, 'dead', 1);
      await announce(redis);
    });
    const { ask } = consoleClient(operator.url!);
    const [letter] = await consoleClient(operator.url!).list('hr1');
    assert.deepEqual(
      [letter?.activity.startDateTime, letter?.acceptedAt],
      ['2026-01-01T00:00:00.006Z', '2026-01-01T00:00:00.000Z'],
    );
    assert.equal((await ask('/api/v1/connections/hr1/dead-letters/replay', { filter: {} })).status, 200);
    await system.startWorker();
    await eventually(async () => (await startsOf(system)).length >= 6, { withinMs: 30_000, what: 'all are delivered' });
    assert.deepEqual(await startsOf(system), ['001', '002', '003', '004', '005', '006']);
    const [line] = await system.emulator.ledger();
    assert.deepEqual(line?.activity.performedBy, { type: 'user', id: OTHER_PERSON });
    await eventually(async () => (await scrape(operator.url!)).sum('sluice_pending_entries') === 0, {
      withinMs: 10_000,
      what: 'all are settled',
    });
    assertEquations(await scrape(operator.url!), 'hr1');
  } finally {
    await operator.kill('SIGKILL');
    await system.stop();
  }
});

test('what a version to come left is never sent, kept byte for byte, said so, and holds nobody up', async () => {
  const system = await startSystem({ workers: 0, intakes: 0 });
  const operator = await spawnService({ service: 'console', env: system.env });
  const newer = [`z2${entry(1).slice(2)}`, 'z{"as":"nobody knows"}', 'not an entry', 'z'];
  const keptBytes = async () => {
    const kept: string[] = [];
    await withRedis(system, async (redis) => {
      const raw = await redis.xrange(`${BASE}dead`, '-', '+');
      kept.push(...raw.map(([, fields]) => fields[3]!));
    });
    return kept.sort();
  };
  try {
    await withRedis(system, async (redis) => {
      await putItem(redis, 'newer', newer);
      await putItem(redis, 'mixed', [...newer, entry(7)]);
      await putItem(redis, 'ours', [entry(8)]);
      await announce(redis);
    });
    const { ask, list } = consoleClient(operator.url!);
    assert.equal((await ask('/api/v1/connections/hr1')).status, 200, 'it can be looked at');
    assert.equal((await ask('/api/v1/connections/hr1/items/mixed')).status, 200);
    await system.startWorker();
    await eventually(async () => (await keptBytes()).length >= 8, { withinMs: 30_000, what: 'they are dead letters' });
    await eventually(async () => (await startsOf(system)).length >= 2, {
      withinMs: 30_000,
      what: 'ours are delivered',
    });
    assert.deepEqual(await startsOf(system), ['007', '008']);
    assert.deepEqual(await keptBytes(), [...newer, ...newer].sort(), 'byte for byte');
    for (const { code, message, activity } of await list('hr1')) {
      assert.deepEqual([code, activity], ['entry_unreadable', null]);
      assert.match(message, /newer one wrote it.*never sent.*replay it with a version that can/);
    }
    // Replayed for a version that can read them, they are as they were; to this one they are again what they are.
    await system.workers[0]!.kill('SIGTERM');
    assert.equal(
      (await ask('/api/v1/connections/hr1/dead-letters/replay', { filter: { itemId: 'newer' } })).status,
      200,
    );
    await withRedis(system, async (redis) => {
      assert.deepEqual(await redis.lrange(`${BASE}i:newer`, 0, -1), newer);
    });
    await eventually(async () => (await scrape(operator.url!)).sum('sluice_pending_entries') === newer.length, {
      withinMs: 10_000,
      what: 'they are pending again',
    });
    assertEquations(await scrape(operator.url!), 'hr1');
  } finally {
    await operator.kill('SIGKILL');
    await system.stop();
  }
});
