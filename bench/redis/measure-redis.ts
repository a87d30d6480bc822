/* What an activity costs Redis, in time and in memory. */
import type { BenchOptions, BenchResult } from '../support/row.ts';
import { measureMemory } from './measure-memory.ts';
import { measureTime } from './measure-time.ts';

export async function measureRedis(options: BenchOptions): Promise<BenchResult> {
  options.say('redis, time');
  const { rows, redisVersion } = await measureTime(options);
  options.say('redis, memory');
  const memory = await measureMemory({ entries: options.quick ? 20_000 : 100_000 });
  return { rows: [...rows, ...memory], redisVersion };
}
