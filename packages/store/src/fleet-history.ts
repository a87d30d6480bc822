/* Samples of the fleet as script arguments and replies. All of them lie in the first shard. */
import { FLEET_SAMPLES_KEPT_MS, FLEET_SAMPLES_MAX, FLEET_SAMPLES_PAGE, type FleetHistoryStore } from '@sluice/core';
import type { RunScript } from './client.ts';
import { shardBase } from './keys.ts';

export function redisFleetHistory(run: RunScript, tag: string): FleetHistoryStore {
  const ask = async (action: 'keep' | 'list', { text = '', apartMs = 0, from = 0 }) => {
    const bounds = [FLEET_SAMPLES_MAX, FLEET_SAMPLES_KEPT_MS, from, FLEET_SAMPLES_PAGE];
    return (await run('fleet-history', [shardBase(tag)], [action, text, apartMs, ...bounds])) as readonly string[];
  };
  return {
    keepFleetSample: async (sample) => (await ask('keep', sample))[0] === 'kept',
    fleetSamples: async (from) => (await ask('list', { from })).slice(1),
  };
}
