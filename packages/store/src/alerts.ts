/* Alerts as script arguments and replies. */
import { ALERT_TRIES_MAX, ALERTS_MAX, type AlertStore } from '@sluice/core';
import type { RunScript } from './client.ts';
import { connectionBase, shardBase } from './keys.ts';

export function redisAlerts(run: RunScript, tag: string): AlertStore {
  const ask = async (action: string, key = '', present = 0, tellMs = 0) =>
    (await run('alert', [shardBase(tag)], [action, key, present, tellMs, ALERT_TRIES_MAX, ALERTS_MAX])) as string[];
  return {
    sightAlert: async ({ key, present, tellMs }) => {
      const [status] = await ask('sight', key, present ? 1 : 0, tellMs);
      return status as 'begin';
    },
    alertTold: async (key) => {
      await ask('told', key);
    },
    alertKeys: async () => (await ask('keys')).slice(1),
    recentEnds: async ({ connectionId, sinceMs, most }) =>
      Number(await run('recent-ends', [connectionBase(connectionId, tag)], [sinceMs, most])),
  };
}
