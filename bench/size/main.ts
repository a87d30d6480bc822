/*
  How much of Redis's memory each thing takes that Sluice keeps: the table of docs/operations.md. Each is counted by adding
  many of it, and dividing what Redis says to have grown by. No matter of time, so one round is enough.
    npm run bench -- size [--quick]
*/
import { randomBytes } from 'node:crypto';
import { makeReceiptRef, RECEIPT_REF_LENGTH, receiptIdOf } from '@sluice/core';
import { openRedisStore, type RedisStore, SHARD_TAG } from '@sluice/store';
import {
  ACK,
  makeDeadLetter,
  makeEntries,
  makeEntry,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
} from '@sluice/testing';
import { type BenchRedis, startBenchRedis } from '../support/bench-redis.ts';
import { fillBacklog } from '../support/fill-backlog.ts';

const quick = process.argv.includes('--quick') || process.argv.includes('--brief');
const MANY = quick ? 5000 : 100_000;
const SOME = quick ? 500 : 5000;
const CONNECTIONS = quick ? 200 : 1000;
const BUSY = quick ? 5 : 60;
/** More than are kept. */
const CALLS_EACH = 300;
const CALL = 20;
/** As many at once as an intake sends; more would be measured as buffers. */
const AT_ONCE = 50;
const DAY_MS = 86_400_000;
const MIB = 2 ** 20;

let sequence = 0;
let leases = 0;

type Fill = (store: RedisStore, count: number) => Promise<void>;

const randomNumber = () => (randomBytes(8).readBigUInt64BE() >> 1n).toString();

/** One request with one activity, again and again. */
function requests(more: (ref: string) => object): Fill {
  return async (store, count) => {
    for (let done = 0; done < count; done += AT_ONCE) {
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, count - done) }, () => {
          const ref = makeReceiptRef(randomBytes(RECEIPT_REF_LENGTH));
          const entries = [makeEntry({ index: ++sequence, receiptRef: ref })];
          const groups = [{ itemId: 'item', entries }];
          return store.append(makePiece({ sequence, pendingMax: 1e9, receiptsMax: 1e9, groups, ...more(ref) }));
        }),
      );
    }
  };
}

const backlog =
  (itemsOf: (count: number) => number, withIds = false): Fill =>
  (store, activities) =>
    fillBacklog({
      store,
      connectionId: 'bench',
      shardTag: SHARD_TAG,
      activities,
      items: itemsOf(activities),
      withIds,
    });

/** Calls that end their entries as told, on the connections in turn. */
function calls(connectionOf: (n: number) => string, end: 'ack' | 'dead', entriesACall: number): Fill {
  const verdict = end === 'ack' ? ACK : makeDeadLetter({ code: 'invalidRequest', message: 'x'.repeat(100) });
  return async (store, count) => {
    for (let n = 0; n < count; n += entriesACall) {
      const ids = { connectionId: connectionOf(n), leaseId: `lease-${++leases}` };
      const groups = [{ itemId: `item-${n}`, entries: makeEntries(entriesACall) }];
      await store.append(makePiece({ ...ids, sequence: ++sequence, lingerMs: 0, groups, connectionsMax: 1e5 }));
      const take = makeTake({ ...ids, lingerMs: 0, intervalInitialUs: 1, inFlightMax: 1000 });
      const lease = await store.take(take);
      if (lease.status !== 'leased') throw new Error(`no call was granted: ${lease.reason}`);
      const verdicts = lease.entries.map(() => verdict);
      const told = { itemId: `item-${n}`, status: '200', requestId: ids.leaseId, reason: '', durationMs: 12 };
      await store.settle(makeSettle({ ...ids, settlement: makeSettlement(verdicts), told, deadLettersMax: 1e9 }));
    }
  };
}

/** Bytes of one, after a part of the same, so that scripts, buffers and first pages are not counted. */
async function bytesEach(redis: BenchRedis, store: RedisStore, fill: Fill, count: number): Promise<number> {
  await redis.prepare('everysec');
  await fill(store, Math.min(count, 1000));
  const before = await usedBytes(redis);
  await fill(store, count);
  return ((await usedBytes(redis)) - before) / count;
}

/** Without what belongs to open connections, which comes and goes. */
async function usedBytes(redis: BenchRedis): Promise<number> {
  const memory = await redis.info('memory');
  const bytes = (name: string) => Number(memory.get(name) ?? 0);
  return bytes('used_memory') - bytes('mem_clients_normal') - bytes('mem_aof_buffer');
}

const receiptOf = (ref: string) => ({ receiptId: receiptIdOf(SHARD_TAG, ref) });
const keyOf = (ref: string) => ({
  key: { id: randomNumber(), fingerprint: 'x'.repeat(11), owner: ref, nth: 0, windowMs: DAY_MS, keysMax: 1e9 },
});

const redis = await startBenchRedis({ appendOnly: false });
const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
try {
  const measure = (fill: Fill, count: number) => bytesEach(redis, store, fill, count);
  const hot = await measure(
    backlog(() => 1000),
    MANY,
  );
  const distinct = await measure(
    backlog((count) => count),
    MANY,
  );
  const withIds = await measure(
    backlog(() => 1000, true),
    MANY,
  );
  const bare = await measure(
    requests(() => ({})),
    SOME,
  );
  const withReceipt = await measure(requests(receiptOf), SOME);
  const withKey = await measure(requests(keyOf), SOME);
  const dead = await measure(
    calls(() => 'bench', 'dead', CALL),
    SOME,
  );
  let named = 0;
  const empty = await measure(
    calls(() => `connection${++named}`, 'ack', 1),
    CONNECTIONS,
  );
  let told = 0;
  const busyCall = await measure(
    calls(() => `busy${Math.floor(told++ / CALLS_EACH)}`, 'ack', 1),
    BUSY * CALLS_EACH,
  );
  const rows: readonly (readonly [string, number])[] = [
    ['a pending activity, items with many each', hot],
    ['a pending activity, each of another item', distinct],
    ['a receipt (one a request)', withReceipt - bare],
    ['a remembered id', withIds - hot],
    ['a remembered Idempotency-Key', withKey - bare],
    ['a dead letter', dead],
    ['a connection that had one call', empty],
    [`a connection that had ${CALLS_EACH} calls: the last of them are kept`, busyCall * CALLS_EACH],
  ];
  console.log(`Redis ${redis.version}; each counted over ${BUSY} to ${MANY} of them.\n`);
  console.log('| what | bytes each | a million |\n|---|--:|--:|');
  for (const [what, bytes] of rows) {
    console.log(`| ${what} | ${Math.round(bytes).toLocaleString('en')} | ${Math.round((bytes * 1e6) / MIB)} MiB |`);
  }
} finally {
  await store.close();
  await redis.stop();
}
