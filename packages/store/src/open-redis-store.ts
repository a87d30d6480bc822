import type { ActivityStore, AuditLog, CallerQuotas, SessionStore } from '@sluice/core';
import { agreeOnShards, changedMeanwhile, findMisplaced, ShardsDiffer } from './agree-on-shards.ts';
import { redisAuditLog } from './audit-log.ts';
import { redisCallerQuotas } from './caller-quotas.ts';
import {
  openRedis,
  type RedisClient,
  type RedisPlace,
  type RedisRole,
  type RunScript,
  scriptRunner,
  writerOf,
} from './client.ts';
import { createConfirm } from './confirm-replicated.ts';
import { shardBase } from './keys.ts';
import { openPlace, type ShardSettings } from './place.ts';
import { type Durability, readDurability } from './read-durability.ts';
import { type MemoryUse, readMemory } from './read-memory.ts';
import { redisActivityStore } from './redis-activity-store.ts';
import { redisSessions } from './sessions.ts';
import { spreadOverShards } from './spread-over-shards.ts';

export interface RedisStore extends ActivityStore, CallerQuotas, AuditLog, SessionStore {
  /** Rejects when no shard answers; for an intake within a second. */
  ping(): Promise<void>;
  /** Read from Redis, not assumed. `unknown` where Redis hides its settings. */
  durability(): Promise<Durability>;
  /** Called at each new connection: the Redis behind it may be another one. */
  onConnection(listener: () => void): void;
  /** Of the server that is nearest to its limit, where there are several. */
  memory(): Promise<MemoryUse>;
  /** Milliseconds since 1970 by the clock of a shard; of the first, unless told otherwise. */
  nowMs(shard?: number): Promise<number>;
  close(): Promise<void>;
  /** One for each shard: what all keys of it share. */
  readonly shardTags: readonly string[];
  /** The number of the shard that a connection lies in, from 0. */
  shardOf(connectionId: string): number;
  shardTagOf(connectionId: string): string;
  /** The connection itself, for the scheduler alone. */
  readonly redis: RedisClient;
  /** What an error of that connection, or of a copy of it, says to an operator; null: nothing that was not said before. */
  readonly describe: (error: Error) => Error | null;
}

export interface RedisStoreOptions extends RedisPlace {
  readonly role: RedisRole;
  readonly onError: (error: Error) => void;
  /** Absent: one. */
  readonly shards?: ShardSettings;
  /** What is stored lies in another number of shards: nothing works, and nothing ever will. Called once. */
  readonly onUnusable?: (error: ShardsDiffer) => void;
  /**
   * A 202 promises `replicated`: what is appended is answered when a replica has it. `vouched`: where Redis forbids to ask
   * for that, it is taken for granted. Absent: nobody waits.
   */
  readonly replicated?: { readonly vouched: boolean };
  /** Only for tests that move time themselves: replaces the piece that reads Redis's time. */
  readonly clock?: string;
}

const ONE_SHARD: ShardSettings = { count: 1, tenantOf: () => null };

export function openRedisStore(options: RedisStoreOptions): RedisStore {
  const { role, onError, onUnusable, replicated, clock } = options;
  const { redis, describe } = openRedis(options, role, onError);
  const place = openPlace(options.shards ?? ONE_SHARD);
  const { tags } = place;
  const connectionIds = (tag: string) => redis.smembers(`${shardBase(tag)}connections`);
  const ungated = scriptRunner(redis, clock);
  const kept = () => redis.get(`${shardBase()}shards`);
  const agreeing = { run: ungated, kept, connectionIds, place };
  const agreed = once(async () => {
    await agreeOnShards(agreeing);
    if (tags.length > 1) void findMisplaced(agreeing).then((found) => found && agreed.forbid(found));
  }, onUnusable);
  const run: RunScript = (...call) => (agreed.done ? ungated(...call) : agreed.ask().then(() => ungated(...call)));
  const shards = tags.map((tag) => {
    const confirm =
      replicated &&
      createConfirm({
        ...replicated,
        writerOf: async () => writerOf(redis, tag),
        markKey: `${shardBase(tag)}waited`,
      });
    return redisActivityStore({ run, tag, connectionIds: () => connectionIds(tag), ...(confirm && { confirm }) });
  });
  return {
    ...spreadOverShards(shards, place),
    ...redisCallerQuotas(run, (callerId) => tags[place.shardOfCaller(callerId)]!),
    ...redisAuditLog(redis),
    ...redisSessions(run),
    ping: async () => {
      if (!agreed.done) await agreed.ask();
      // Of keys and not PING: on a cluster, the servers that matter are those that hold the shards.
      const [count, ...others] = await Promise.allSettled([
        redis.get(`${shardBase()}shards`),
        ...tags.slice(1).map((tag) => redis.exists(`${shardBase(tag)}connections`)),
      ]);
      // All may have been removed, or somebody may have begun with another number: then it is too late to ask.
      if (count.status === 'fulfilled' && count.value === null) await agreed.askAgain();
      else if (count.status === 'fulfilled' && Number(count.value) !== tags.length)
        agreed.refuse(changedMeanwhile(tags.length, Number(count.value)));
      else if (count.status === 'rejected' && others.every(({ status }) => status === 'rejected')) throw count.reason;
    },
    durability: () => readDurability(redis, replicated !== undefined),
    onConnection: (listener) => {
      redis.on('ready', listener);
    },
    memory: async () => readMemory(tags.map((tag) => writerOf(redis, tag))),
    nowMs: async (shard = 0) => Number(await run('now', [shardBase(tags[shard])], [])),
    close: async () => {
      redis.disconnect();
    },
    shardTags: tags,
    shardOf: place.shardOf,
    shardTagOf: (connectionId) => tags[place.shardOf(connectionId)]!,
    redis,
    describe,
  };
}

/** Asks until it was answered; all who need the answer wait for the same question. A refusal stays. */
function once(question: () => Promise<void>, onRefused: (error: ShardsDiffer) => void = () => {}) {
  let asking: Promise<void> | null = null;
  let refused: ShardsDiffer | null = null;
  const state = {
    done: false,
    ask: () => {
      asking ??= (refused === null ? question() : Promise.reject(refused)).then(
        () => {
          state.done = true;
        },
        (error: unknown) => {
          if (error instanceof ShardsDiffer) return state.refuse(error);
          asking = null;
          throw error;
        },
      );
      return asking;
    },
    askAgain: () => {
      if (state.done) [state.done, asking] = [false, null];
      return state.ask();
    },
    /** From now on everybody is refused. */
    forbid: (error: ShardsDiffer): ShardsDiffer => {
      if (refused === null) onRefused(error);
      refused ??= error;
      if (state.done) [state.done, asking] = [false, null];
      return refused;
    },
    refuse: (error: ShardsDiffer): never => {
      throw state.forbid(error);
    },
  };
  return state;
}
