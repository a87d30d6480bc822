import type { ActivityStore, AuditLog, CallerQuotas } from '@sluice/core';
import type { Redis } from 'ioredis';
import { redisAuditLog } from './audit-log.ts';
import { redisCallerQuotas } from './caller-quotas.ts';
import { openRedis, type RedisClient, type RedisPlace, type RedisRole, scriptRunner, writersOf } from './client.ts';
import { shardBase } from './keys.ts';
import { redisActivityStore } from './redis-activity-store.ts';

/** What a 202 may promise, from weakest to strongest. */
export type Durability = 'unknown' | 'memory' | 'fsync-1s' | 'fsync' | 'replicated';

const LEVELS: readonly Durability[] = ['unknown', 'memory', 'fsync-1s', 'fsync', 'replicated'];

export interface RedisStore extends ActivityStore, CallerQuotas, AuditLog {
  /** Rejects when Redis does not answer; for an intake within a second. */
  ping(): Promise<void>;
  /** Read from Redis, not assumed. `unknown` where Redis hides its settings. */
  durability(): Promise<Durability>;
  /** Bytes that count against maxmemory, and that limit (0: none). */
  memory(): Promise<{ readonly usedBytes: number; readonly bytesMax: number }>;
  /** Milliseconds since 1970 by Redis's clock. */
  nowMs(): Promise<number>;
  close(): Promise<void>;
  /** The connection itself, for the scheduler alone. */
  readonly redis: RedisClient;
}

export interface RedisStoreOptions extends RedisPlace {
  readonly role: RedisRole;
  readonly onError: (error: Error) => void;
  /** Only for tests that move time themselves: replaces the piece that reads Redis's time. */
  readonly clock?: string;
}

export function openRedisStore({ url, ca, role, onError, clock }: RedisStoreOptions): RedisStore {
  const redis = openRedis({ url, ca }, role, onError);
  const run = scriptRunner(redis, clock);
  const store = redisActivityStore({ run, connectionIds: () => redis.smembers(`${shardBase()}connections`) });
  return {
    ...store,
    ...redisCallerQuotas(run),
    ...redisAuditLog(redis),
    ping: async () => {
      // Of a key and not PING: on a cluster, the server that matters is the one that holds the shard.
      await redis.exists(`${shardBase()}connections`);
    },
    durability: () => readDurability(redis),
    memory: async () => readMemory(await redis.info('memory')),
    nowMs: async () => Number(await run('now', [shardBase()], [])),
    close: async () => {
      redis.disconnect();
    },
    redis,
  };
}

/** What Redis does not hold against its limit (buffers of replicas and of the append-only file) does not count here either. */
function readMemory(info: string): { usedBytes: number; bytesMax: number } {
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: number('used_memory') - number('mem_not_counted_for_evict'), bytesMax: number('maxmemory') };
}

async function readDurability(redis: RedisClient): Promise<Durability> {
  const levels = await Promise.all(writersOf(redis).map(readDurabilityOf));
  const ranks = levels.map((level) => LEVELS.indexOf(level));
  return ranks.length === 0 ? 'unknown' : LEVELS[Math.min(...ranks)]!;
}

async function readDurabilityOf(redis: Redis): Promise<Durability> {
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
