/* What a stretch of work cost Redis: time inside scripts, and time of its process. */
import type { BenchRedis } from '../support/bench-redis.ts';

export interface Cost {
  /** Microseconds spent in scripts (EVAL and EVALSHA), everything they call included. */
  readonly scriptsUs: number;
  /** Microseconds of processor of the whole process: scripts, the network, the append-only file. */
  readonly processUs: number;
}

export const NO_COST: Cost = { scriptsUs: 0, processUs: 0 };

/** What the work cost, on top of what came before. */
export async function costOf(redis: BenchRedis, before: Cost, work: () => Promise<void>): Promise<Cost> {
  const begin = await readCost(redis);
  await work();
  const end = await readCost(redis);
  return {
    scriptsUs: before.scriptsUs + end.scriptsUs - begin.scriptsUs,
    processUs: before.processUs + end.processUs - begin.processUs,
  };
}

async function readCost(redis: BenchRedis): Promise<Cost> {
  const commands = await redis.info('commandstats');
  const cpu = await redis.info('cpu');
  const used = (name: string) => Number(cpu.get(name) ?? 0);
  return {
    scriptsUs: parseUsec(commands.get('cmdstat_eval')) + parseUsec(commands.get('cmdstat_evalsha')),
    processUs: (used('used_cpu_user') + used('used_cpu_sys')) * 1e6,
  };
}

/** `calls=3,usec=120,usec_per_call=40.00,…` */
export function parseUsec(stat: string | undefined): number {
  return Number(/(?:^|,)usec=(\d+)/.exec(stat ?? '')?.[1] ?? 0);
}
