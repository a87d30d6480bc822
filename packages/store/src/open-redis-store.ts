import type { ActivityStore } from '@sluice/core';
import type { Redis } from 'ioredis';
import { openRedis, type RedisRole, scriptRunner } from './client.ts';
import { shardBase } from './keys.ts';
import { redisActivityStore } from './redis-activity-store.ts';

/** What a 202 may promise, from weakest to strongest. */
export type Durability = 'unknown' | 'memory' | 'fsync-1s' | 'fsync' | 'replicated';

export interface RedisStore extends ActivityStore {
  /** Rejects when Redis does not answer; for an intake within a second. */
  ping(): Promise<void>;
  /** Read from Redis, not assumed. `unknown` where Redis hides its settings. */
  durability(): Promise<Durability>;
  /** Milliseconds since 1970 by Redis's clock. */
  nowMs(): Promise<number>;
  close(): Promise<void>;
  /** The connection itself, for the scheduler alone. */
  readonly redis: Redis;
}

export interface RedisStoreOptions {
  readonly url: string;
  readonly role: RedisRole;
  readonly onError: (error: Error) => void;
  /** Only for tests that move time themselves: replaces the piece that reads Redis's time. */
  readonly clock?: string;
}

export function openRedisStore({ url, role, onError, clock }: RedisStoreOptions): RedisStore {
  const redis = openRedis(url, role, onError);
  const run = scriptRunner(redis, clock);
  const store = redisActivityStore({ run, connectionIds: () => redis.smembers(`${shardBase()}connections`) });
  return {
    ...store,
    ping: async () => {
      await redis.ping();
    },
    durability: () => readDurability(redis),
    nowMs: async () => Math.floor(Number((await redis.time()).map(Number).reduce((s, us) => s * 1e6 + us)) / 1000),
    close: async () => {
      redis.disconnect();
    },
    redis,
  };
}

async function readDurability(redis: Redis): Promise<Durability> {
  try {
    const settings = (await redis.config('GET', 'append*')) as unknown;
    const map = settings instanceof Map ? settings : toMap(settings);
    if (map.get('appendonly') !== 'yes') return 'memory';
    return map.get('appendfsync') === 'always'
      ? 'fsync'
      : map.get('appendfsync') === 'everysec'
        ? 'fsync-1s'
        : 'memory';
  } catch {
    return 'unknown';
  }
}

function toMap(settings: unknown): Map<string, string> {
  const list = Array.isArray(settings)
    ? (settings as string[])
    : Object.entries(settings as Record<string, string>).flat();
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < list.length; i += 2) map.set(String(list[i]), String(list[i + 1]));
  return map;
}
