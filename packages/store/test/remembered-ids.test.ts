/* What remembered ids cost: memory by Redis's own account, and that forgotten ones are given back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { makeEntries, makePiece, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore, shardBase } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';
import { readUsedBytes } from './support/used-bytes.ts';

const PIECE = 500;
/** Bytes of Redis that a remembered id may take, its keys and their table included. */
const ID_BYTES_MAX = 24;

let redis: RedisServer;
let store: RedisStore;
let admin: ReturnType<typeof openAdmin>;
let sequence = 0;
before(async () => {
  redis = await startRedis();
  store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  admin = openAdmin(redis);
});
after(async () => {
  admin.disconnect();
  await store.close();
  await redis.stop();
});

const entries = makeEntries(PIECE);

/** The entries are not kept, so that only the ids are weighed. */
async function remember(count: number, idsMax: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => (randomBytes(8).readBigUInt64BE() >> 1n).toString());
  const dedupe = { windowMs: 3_600_000, idsMax };
  for (let from = 0; from < count; from += PIECE) {
    const groups = [{ itemId: 'a', entries: entries.slice(0, count - from), ids: ids.slice(from, from + PIECE) }];
    const result = await store.append(makePiece({ lane: 'weigh', sequence: ++sequence, groups, dedupe }));
    assert.deepEqual([result.status, 'appended' in result && result.appended], ['appended', groups[0]!.ids.length]);
    if (from % (20 * PIECE) === 0) await forgetEntries();
  }
  await forgetEntries();
  return ids;
}

async function forgetEntries(): Promise<void> {
  const keys = (await admin.keys(`${shardBase()}*`)).filter((key) => !/:ids?(:|$)/.test(key));
  if (keys.length > 0) await admin.del(keys);
}

test(`at 10,000 and at 100,000 ids each takes at most ${ID_BYTES_MAX} bytes`, async (t) => {
  await remember(1, 1e9);
  for (const count of [10_000, 100_000]) {
    await admin.flushall();
    const before = await readUsedBytes(admin);
    await remember(count, 1e9);
    const each = ((await readUsedBytes(admin)) - before) / count;
    t.diagnostic(`${count} ids: ${each.toFixed(1)} bytes each`);
    assert.ok(each <= ID_BYTES_MAX, `${each} bytes an id`);
    const keys = (await admin.keys(`${shardBase()}id:*`)).filter((_, n) => n % 50 === 0);
    for (const key of keys) assert.equal(await admin.object('ENCODING', key), 'intset');
    for (const key of keys) assert.ok((await admin.pttl(key)) > 0, `${key} goes by itself`);
  }
});

test('what is forgotten is removed, some at a time', async () => {
  await admin.flushall();
  await remember(20_000, 8000);
  const sizes = await Promise.all((await admin.keys(`${shardBase()}id:*`)).map((key) => admin.scard(key)));
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(kept >= 6000 && kept <= 8000 + 2 * PIECE, `${kept} ids are kept`);
});
