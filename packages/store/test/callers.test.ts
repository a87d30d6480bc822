/* Callers' quotas and the audit log on a real Redis keep their contract; two intakes share one quota. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RedisServer, startRedis } from '@sluice/testing';
import { callersContract } from '@sluice/testing/callers';
import { openRedisStore, type RedisStore } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';
import { makeRedisContractStore } from './support/redis-contract-store.ts';

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

callersContract('redis', async () => {
  const made = await makeRedisContractStore(redis);
  return { ...made, store: made.store as RedisStore };
});

test('the buckets of a caller who stays away leave Redis', async (t) => {
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  t.after(store.close);
  const limits = { requestsPerSecond: 10, activitiesPerSecond: 10 };
  await store.charge({ callerId: 'leaves', requests: 1, activities: 100, limits });
  const [key] = await admin.keys('*leaves*');
  const ms = await admin.pttl(key!);
  assert.ok(ms > 5000 && ms <= 12_000, `${ms} ms: when what was charged has been paid, and a second more`);
});
