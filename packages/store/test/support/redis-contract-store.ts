/* The Redis store with a clock that a test moves: the piece that reads Redis's time reads a key instead. */
import { type ActivityStore, receiptIdOf, receiptRefIn } from '@sluice/core';
import type { RedisServer } from '@sluice/testing';
import { CLOCK_START_MS, type ContractStore, TENANT } from '@sluice/testing';
import { openRedisStore, SHARD_TAGS, shardBase } from '../../src/index.ts';
import { openAdmin } from './open-admin.ts';

const CLOCK_KEY = `${shardBase()}test-clock`;
const TEST_CLOCK = `
local function clock()
  local us = tonumber(redis.call('GET', '${CLOCK_KEY}'))
  return us, math.floor(us / 1000)
end`;

export type ContractRedis = Pick<RedisServer, 'url' | 'adminUrl'>;

export async function makeRedisContractStore(redis: ContractRedis, shards = 1): Promise<ContractStore> {
  const store = openRedisStore({
    url: redis.url,
    shards: { count: shards, tenantOf: () => TENANT },
    role: 'worker',
    onError: () => {},
    clock: TEST_CLOCK,
  });
  const admin = openAdmin(redis);
  await admin.flushall();
  admin.disconnect();
  let ms = CLOCK_START_MS;
  // On the connection of the store, so that what is asked right after it finds the time set.
  const set = () => store.redis.set(CLOCK_KEY, ms * 1000);
  await set();
  return {
    store: shards === 1 ? store : withReceiptsThere(store, store.shardTagOf('any')),
    advance: async (by) => {
      ms += by;
      await set();
    },
    dispose: store.close,
  };
}

/** The contract names receipts of the first shard. Here its tenant lies in another one, and so do its receipts. */
function withReceiptsThere(store: ActivityStore, tag: string): ActivityStore {
  const there = (id: string) => receiptIdOf(tag, receiptRefIn(id));
  const here = (id: string) => receiptIdOf(SHARD_TAGS[0]!, receiptRefIn(id));
  return {
    ...store,
    append: (piece) => store.append({ ...piece, receiptId: piece.receiptId === null ? null : there(piece.receiptId) }),
    receipt: async (id) => {
      const view = await store.receipt(there(id));
      return view === null ? null : { ...view, receiptId: id };
    },
    endedReceipts: async (ids) => (await store.endedReceipts(ids.map(there))).map(here),
    noteTrace: (id, traceparent) => store.noteTrace(there(id), traceparent),
  };
}
