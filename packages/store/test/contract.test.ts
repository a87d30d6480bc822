/* The Redis store keeps the store's contract, and does what the model does under random operations. */
import { after, before, test } from 'node:test';
import { makeMemoryContractStore, type RedisServer, runStoreModel, startRedis } from '@sluice/testing';
import { activityStoreContract } from '@sluice/testing/contract';
import { makeRedisContractStore } from './support/redis-contract-store.ts';

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

const makeStore = () => makeRedisContractStore(redis);

activityStoreContract('redis', makeStore);

const SEEDS = 40;
test(`${SEEDS} random histories have the same answers from Redis as from the model`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    await runStoreModel({ seed, makeModel: makeMemoryContractStore, makeStore });
});
