/* The same contract with several shards, where its tenants lie in one that is not the first. */
import { after, before, test } from 'node:test';
import { makeMemoryContractStore, type RedisServer, runStoreModel, startRedis } from '@sluice/testing';
import { activityStoreContract } from '@sluice/testing/contract';
import { makeRedisContractStore } from './support/redis-contract-store.ts';

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

activityStoreContract('redis in shards', () => makeRedisContractStore(redis, 3));

const SEEDS = 15;
test(`${SEEDS} random histories have the same answers from eleven shards as from the model`, async () => {
  // Of eleven the two tenants of the model have the same one, so that what is bounded for a shard is bounded for both.
  const makeStore = () => makeRedisContractStore(redis, 11);
  for (let seed = 1; seed <= SEEDS; seed++)
    await runStoreModel({ seed, makeModel: makeMemoryContractStore, makeStore });
});
