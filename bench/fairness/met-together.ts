/*
  Two connections of one tenant with hidden limits of their own, a small and a large one, that are met together at the start and
  so look like one of the tenant. The larger one is measured alone first, with its limit learned anew each time.
*/
import { setTimeout as pass } from 'node:timers/promises';
import { startFleet } from './fleet.ts';

const LIMITS = { small: 5, large: 40 } as const;
const WORKERS = 2;
const CALL_ENTRIES = 2;

export interface MetTogether {
  readonly alone: number;
  readonly beside: number;
  readonly small: number;
  readonly limits: typeof LIMITS;
}

export interface MetOptions {
  readonly settleS: number;
  readonly measureS: number;
}

export async function measureMetTogether(options: MetOptions): Promise<MetTogether> {
  const [alone = 0] = await measure(['large'], options);
  const [beside = 0, small = 0] = await measure(['large', 'small'], options);
  return { alone, beside, small, limits: LIMITS };
}

async function measure(connections: readonly (keyof typeof LIMITS)[], { settleS, measureS }: MetOptions) {
  const fleet = await startFleet({
    connections: Object.fromEntries(connections.map((id) => [id, {}])),
    env: { SLUICE_BATCH_MAX: String(CALL_ENTRIES) },
    behavior: {
      connections: Object.fromEntries(
        connections.map((id) => [id, { rate: LIMITS[id], window: 'bucket', burst: LIMITS[id] }]),
      ),
    },
  });
  try {
    const seconds = settleS + measureS + 20;
    for (const id of connections)
      await fleet.fill(id, { activities: seconds * LIMITS[id] * CALL_ENTRIES * 2, items: 50 });
    for (let started = 0; started < WORKERS; started++) await fleet.system.startWorker();
    await pass(settleS * 1000);
    return await fleet.count(connections, measureS);
  } finally {
    await fleet.stop();
  }
}
