/* One shape with every contender, under the same arrivals. */
import { type Measured, measureRun } from '../../packages/store/test/fill/measure-run.ts';
import { makeRedisContender } from '../../packages/store/test/fill/redis-contender.ts';
import { HOT, type Shape } from '../../packages/store/test/fill/shapes.ts';
import { type Contender, simulateCalls } from '../../packages/store/test/fill/simulate-calls.ts';
import type { ContractRedis } from '../../packages/store/test/support/redis-contract-store.ts';
import { lateBound, timerClosed } from './alternatives.ts';

export interface Compared {
  /** By seed. */
  readonly sluice: ReadonlyMap<number, Measured>;
  /** By name, for the first seed. */
  readonly alternatives: ReadonlyMap<string, Measured>;
}

export const OLDEST_FIRST = 'oldest first, bound late';

interface Alternative {
  readonly name: string;
  readonly make: () => Contender;
  readonly onlyIn?: Shape['name'];
}

const ALTERNATIVES: readonly Alternative[] = [
  { name: 'closed by a timer of 1 s, then queued', make: () => timerClosed(1000) },
  { name: 'closed by a timer of 60 s, then queued', make: () => timerClosed(60_000) },
  { name: OLDEST_FIRST, make: () => lateBound({ order: 'oldest' }) },
  { name: 'fullest first, bound late, no age bound', make: () => lateBound({ order: 'fullest' }) },
  {
    name: 'oldest first, one call an item at a time',
    make: () => lateBound({ order: 'oldest', onePerItem: true }),
    onlyIn: HOT.name,
  },
];

export interface Comparison {
  readonly shape: Shape;
  readonly seeds: readonly number[];
  readonly redis: ContractRedis;
}

export async function compareContenders({ shape, seeds, redis }: Comparison): Promise<Compared> {
  const run = async (seed: number, contender: Contender) => {
    try {
      return measureRun(shape, await simulateCalls(shape, seed, contender));
    } finally {
      await contender.close();
    }
  };
  const sluice = new Map<number, Measured>();
  for (const seed of seeds) sluice.set(seed, await run(seed, await makeRedisContender(redis, shape)));
  const alternatives = new Map<string, Measured>();
  for (const { name, make, onlyIn = shape.name } of ALTERNATIVES) {
    if (onlyIn === shape.name) alternatives.set(name, await run(seeds[0]!, make()));
  }
  return { sluice, alternatives };
}
