/* What fairness is measured on: a Redis, an emulator and workers, all processes, and the calls that arrived in a span of time. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { openRedisStore, type RedisStore, SHARD_TAG } from '@sluice/store';
import { type System, startSystem } from '../../test/support/start-system.ts';
import { fillBacklog } from '../support/fill-backlog.ts';

const TENANT_ID = '11111111-2222-4333-8444-0000000000fa';

export interface FleetOptions {
  /** Names of the connections, and what the configuration file says of each. */
  readonly connections: Readonly<Record<string, object>>;
  readonly behavior: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Fleet {
  readonly system: System;
  readonly store: RedisStore;
  fill(connectionId: string, amount: { readonly activities: number; readonly items: number }): Promise<void>;
  /** Calls that Graph took of each connection in the whole seconds that follow, a second. */
  count(connectionIds: readonly string[], seconds: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** Without workers: they are started when the backlog lies there. */
export async function startFleet({ connections, behavior, env = {} }: FleetOptions): Promise<Fleet> {
  const system = await startSystem({
    workers: 0,
    intakes: 0,
    redisArgs: ['--appendfsync', 'everysec'],
    behavior: { rate: null, concurrency: null, latencyMs: [5, 20], ...behavior },
    env: {
      SLUICE_RATE_INITIAL: '20',
      SLUICE_LINGER_MS: '0',
      SLUICE_CALL_TIMEOUT_MS: '20000',
      SLUICE_LEASE_MS: '30000',
      ...env,
    },
    configFile: async (url, folder) => {
      await writeFile(join(folder, 'secret'), 'a secret of this measurement');
      const tenant = { tenantId: TENANT_ID, clientId: randomUUID(), clientSecretFile: 'secret', connections };
      return { tenants: { contoso: { ...tenant, tokenUrl: `${url}/${TENANT_ID}/oauth2/v2.0/token` } } };
    },
  });
  const store = openRedisStore({ url: system.redis.url, role: 'worker', onError: () => {} });

  async function accepted(connectionId: string, fromS: number, toS: number): Promise<number> {
    const { perSecond } = await system.emulator.stats(connectionId);
    return perSecond.reduce((sum, second) => sum + (second.t >= fromS && second.t < toS ? second.accepted : 0), 0);
  }

  return {
    system,
    store,
    fill: (connectionId, amount) => fillBacklog({ store, connectionId, shardTag: SHARD_TAG, ...amount }),
    count: async (connectionIds, seconds) => {
      const fromS = Math.ceil(Date.now() / 1000);
      await pass((fromS + seconds) * 1000 - Date.now());
      const calls = await Promise.all(connectionIds.map((id) => accepted(id, fromS, fromS + seconds)));
      return calls.map((count) => count / seconds);
    },
    stop: async () => {
      await store.close();
      await system.stop();
    },
  };
}
