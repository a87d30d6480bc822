/* What late binding is for, held in simulated time: full calls, and nobody starved by one item. The whole table: npm run bench -- fill. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RedisServer, startRedis } from '@sluice/testing';
import { type Measured, measureRun } from './fill/measure-run.ts';
import { makeRedisContender } from './fill/redis-contender.ts';
import { HOT, SAME_INSTANT, type Shape, ZIPF_1000, zipf } from './fill/shapes.ts';
import { simulateCalls } from './fill/simulate-calls.ts';

const SEED = 1;

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

async function measure(shape: Shape): Promise<Measured> {
  const contender = await makeRedisContender(redis, shape);
  try {
    return measureRun(shape, await simulateCalls(shape, SEED, contender));
  } finally {
    await contender.close();
  }
}

test('25 calls a second deliver 280 of 300 activities a second over 1,000 items from empty, where oldest first delivers 250', async () => {
  const { first } = await measure({ ...ZIPF_1000, endMs: ZIPF_1000.firstMs });
  assert.ok(first.deliveredPerSecond >= 280, `${first.deliveredPerSecond.toFixed(1)}/s`);
});

test('1,000 entries of one item with one instant do not starve the other items', async () => {
  // Fewer items than in the table, so that a bound of 15 s asks for as large a part of the calls as one of 60 s there.
  const sooner = { ageBoundMs: 15_000, firstMs: 20_000, endMs: 60_000 };
  const streams = [{ perSecond: 200, drawItem: zipf(200) }];
  const bursts = SAME_INSTANT.bursts.map((burst) => ({ ...burst, atMs: 0 }));
  const { settled, watchedSlowest } = await measure({ ...SAME_INSTANT, ...sooner, streams, bursts });
  assert.ok(settled.watchedAgeMax <= 20, `one of the others waited ${settled.watchedAgeMax.toFixed(1)} s`);
  assert.ok(watchedSlowest >= 180, `${watchedSlowest.toFixed(1)}/s of the others in the slowest 40 s`);
});

test('a hot item may use the whole quota, and cold ones beside it wait no longer than the age bound', async () => {
  const { settled } = await measure({ ...HOT, ageBoundMs: 5000, firstMs: 20_000, endMs: 70_000 });
  assert.ok(
    settled.deliveredPerSecond >= 460,
    `${settled.deliveredPerSecond.toFixed(1)}/s of 500, with 2 of 25 calls for the cold ones`,
  );
  assert.ok(settled.watchedAgeMax <= 7, `a cold one waited ${settled.watchedAgeMax.toFixed(1)} s`);
});
