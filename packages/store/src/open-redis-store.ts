import type { ActivityStore, AuditLog, CallerQuotas, SessionStore } from '@sluice/core';
import { redisAuditLog } from './audit-log.ts';
import { redisCallerQuotas } from './caller-quotas.ts';
import { openRedis, type RedisClient, type RedisPlace, type RedisRole, scriptRunner, shardWriterOf } from './client.ts';
import { createConfirm } from './confirm-replicated.ts';
import { shardBase } from './keys.ts';
import { type Durability, readDurability } from './read-durability.ts';
import { redisActivityStore } from './redis-activity-store.ts';
import { redisSessions } from './sessions.ts';

export interface RedisStore extends ActivityStore, CallerQuotas, AuditLog, SessionStore {
  /** Rejects when Redis does not answer; for an intake within a second. */
  ping(): Promise<void>;
  /** Read from Redis, not assumed. `unknown` where Redis hides its settings. */
  durability(): Promise<Durability>;
  /** Called at each new connection: the Redis behind it may be another one. */
  onConnection(listener: () => void): void;
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
  /**
   * A 202 promises `replicated`: what is appended is answered when a replica has it. `vouched`: where Redis forbids to ask
   * for that, it is taken for granted. Absent: nobody waits.
   */
  readonly replicated?: { readonly vouched: boolean };
  /** Only for tests that move time themselves: replaces the piece that reads Redis's time. */
  readonly clock?: string;
}

export function openRedisStore(options: RedisStoreOptions): RedisStore {
  const { role, onError, replicated, clock } = options;
  const redis = openRedis(options, role, onError);
  const run = scriptRunner(redis, clock);
  const store = redisActivityStore({
    run,
    connectionIds: () => redis.smembers(`${shardBase()}connections`),
    ...(replicated !== undefined && {
      confirm: createConfirm({ ...replicated, writerOf: shardWriterOf(redis), markKey: `${shardBase()}waited` }),
    }),
  });
  return {
    ...store,
    ...redisCallerQuotas(run),
    ...redisAuditLog(redis),
    ...redisSessions(run),
    ping: async () => {
      // Of a key and not PING: on a cluster, the server that matters is the one that holds the shard.
      await redis.exists(`${shardBase()}connections`);
    },
    durability: () => readDurability(redis, replicated !== undefined),
    onConnection: (listener) => {
      redis.on('ready', listener);
    },
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
