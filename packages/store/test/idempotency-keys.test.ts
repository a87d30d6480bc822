/* What remembered Idempotency-Keys cost, and that they survive what their requests survive. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { eventually, makeEntries, makePiece, type RedisServer, startCuttingProxy, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore, shardBase } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

/** Bytes of Redis that a remembered key may take, its hashes and their table included. A key of Redis with a TTL took 144. */
const KEY_BYTES_MAX = 72;

let redis: RedisServer;
let store: RedisStore;
let admin: ReturnType<typeof openAdmin>;
let sequence = 0;
before(async () => {
  redis = await startRedis({ appendOnly: true });
  store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  admin = openAdmin(redis);
});
after(async () => {
  admin.disconnect();
  await store.close();
  await redis.stop();
});

const randomId = () => (randomBytes(8).readBigUInt64BE() >> 1n).toString();

function pieceUnder(id: string, keysMax = 1e9) {
  const key = { id, fingerprint: 'AbCdEfGhIjK', owner: 'aBcDeF012345', nth: 0, windowMs: 86_400_000, keysMax };
  return makePiece({ lane: 'keys', sequence: ++sequence, key });
}

async function remember(count: number, keysMax?: number): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    const some = Array.from({ length: Math.min(1000, count - from) }, () =>
      store.append({ ...pieceUnder(randomId(), keysMax), receiptId: null, groups: [] }),
    );
    await Promise.all(some);
  }
  const others = (await admin.keys(`${shardBase()}lane*`)).concat(await admin.keys(`${shardBase()}r*`));
  if (others.length > 0) await admin.del(others);
}

async function usedBytes(): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1]);
}

test(`at 1,000, 10,000 and 100,000 keys each takes at most ${KEY_BYTES_MAX} bytes`, async (t) => {
  await remember(1);
  for (const count of [1000, 10_000, 100_000]) {
    await admin.flushall();
    const before = await usedBytes();
    await remember(count);
    const each = ((await usedBytes()) - before) / count;
    t.diagnostic(`${count} keys: ${each.toFixed(1)} bytes each`);
    assert.ok(each <= KEY_BYTES_MAX, `${each} bytes a key`);
    const keys = await admin.keys(`${shardBase()}key:*`);
    const lengths = await Promise.all(keys.map((key) => admin.hlen(key)));
    assert.ok(Math.max(...lengths) <= 128, `${Math.max(...lengths)} in one hash`);
    for (const key of keys.filter((_, n) => n % 50 === 0)) {
      assert.match(String(await admin.object('ENCODING', key)), /listpack|ziplist/);
      assert.ok((await admin.pttl(key)) > 0, `${key} goes by itself`);
    }
  }
});

test('a request of several pieces fits the packed hash while it is open, however large its numbers', async () => {
  await admin.flushall();
  const piece = pieceUnder('9223372036854775807');
  const groups = [{ itemId: 'a', entries: makeEntries(500) }];
  for (let nth = 0; nth < 99; nth++) {
    const key = { ...piece.key!, nth };
    await store.append({ ...piece, sequence: ++sequence, receiptId: 's0AbCdEf012345', groups, key, last: false });
  }
  const [bucket] = await admin.keys(`${shardBase()}key:*`);
  assert.match(String(await admin.object('ENCODING', bucket!)), /listpack|ziplist/);
});

test('what is forgotten is removed, some at a time', async () => {
  await admin.flushall();
  await remember(10_000, 2000);
  const sizes = await Promise.all((await admin.keys(`${shardBase()}key:*`)).map((key) => admin.hlen(key)));
  const kept = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(kept >= 1500 && kept <= 5500, `${kept} keys are kept`);
});

test('a key survives a Redis that is killed, with what it names', async () => {
  const piece = { ...pieceUnder(randomId()), receiptId: 's0AbCdEf999999', connectionId: 'survivor' };
  const groups = [{ itemId: 'a', entries: makeEntries(3) }];
  assert.equal((await store.append({ ...piece, groups })).status, 'appended');
  await redis.kill9();
  await redis.restart();
  const again = await eventually(() => store.append({ ...piece, lane: 'another', groups }), {
    withinMs: 10_000,
    what: 'Redis answers',
  });
  assert.equal(again.status, 'replayed');
  assert.equal((await store.connection('survivor'))?.pending, 3);
});

test('an answer that is lost changes nothing: under the same number it is told again, from elsewhere it is replayed', async () => {
  const proxy = await startCuttingProxy({ port: redis.port });
  const cutStore = openRedisStore({
    url: redis.url.replace(`${redis.port}`, `${proxy.port}`),
    role: 'worker',
    onError: () => {},
  });
  try {
    const piece = { ...pieceUnder(randomId()), connectionId: 'lostReply', lane: 'lane-of-lost-reply' };
    const groups = [{ itemId: 'a', entries: makeEntries(3) }];
    await cutStore.ping();
    const cutting = proxy.cutReplyTo('lane-of-lost-reply');
    const result = await cutStore.append({ ...piece, groups });
    await cutting;
    assert.deepEqual(['appended' in result && result.appended, result.status], [3, 'again']);
    const elsewhere = await store.append({ ...piece, groups, lane: 'lane-of-another' });
    assert.equal(elsewhere.status, 'replayed');
    assert.equal((await store.connection('lostReply'))?.pending, 3);
  } finally {
    await cutStore.close();
    await proxy.stop();
  }
});
