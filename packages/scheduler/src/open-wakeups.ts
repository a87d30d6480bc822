/* Adds wake-ups. What is lost here is repaired by the sweep, so nothing throws and nothing is retried. */
import type { DrainScheduler } from '@sluice/core';
import { queuePrefix, type RedisStore } from '@sluice/store';
import { type DeduplicationOptions, Queue } from 'bullmq';
import { describeErrors } from './describe-errors.ts';
import { DRAIN_OPTIONS, DRAIN_QUEUE, type DrainJob, EVENTS_MAX } from './queues.ts';

export interface Wakeups extends DrainScheduler {
  /** A drain that no other job can stand in the way of. */
  repair(connectionId: string): Promise<void>;
  /** Told of each wake-up that Redis had no memory for. */
  onRefused(told: (connectionId: string, delayMs: number) => void): void;
  close(): Promise<void>;
}

export interface WakeupsOptions {
  readonly store: RedisStore;
  readonly onError?: (error: Error) => void;
  readonly clock?: () => number;
}

/** How many drains of one connection may be added beside the one that runs. */
const SPREAD_MAX = 8;
/** A wake-up that is due this soon is due now: a timer would take as long. */
const NOW_MS = 3;
const OFFSET_KEPT_MS = 30_000;

export function openWakeups({ store, onError: tell = () => {}, clock = Date.now }: WakeupsOptions): Wakeups {
  const onError = describeErrors(store, tell);
  /** By shard. */
  const queues = new Map<number, Queue<DrainJob>>();
  const offsets = new Map<number, { readonly ms: number; readonly readAtMs: number }>();
  let spreads = 0;
  let refused: (connectionId: string, delayMs: number) => void = () => {};

  function queueOf(shard: number): Queue<DrainJob> {
    const there = queues.get(shard);
    if (there !== undefined) return there;
    const opened = new Queue<DrainJob>(DRAIN_QUEUE, {
      connection: store.redis,
      prefix: queuePrefix(store.shardTags[shard]),
      skipWaitingForReady: true,
      streams: { events: { maxLen: EVENTS_MAX } },
    });
    opened.on('error', onError);
    queues.set(shard, opened);
    return opened;
  }

  async function add(connectionId: string, delay: number, deduplication?: DeduplicationOptions): Promise<void> {
    const shard = store.shardOf(connectionId);
    const used = queueOf(shard);
    try {
      await used.add(
        DRAIN_QUEUE,
        { connectionId },
        { ...DRAIN_OPTIONS, delay, ...(deduplication && { deduplication }) },
      );
    } catch (error) {
      onError(error as Error);
      if (isOutOfMemory(error)) refused(connectionId, delay);
      used.waitUntilReady().catch(() => replace(shard, used));
    }
  }

  /** A queue whose first look at Redis failed stays broken: the next wake-up gets a new one. */
  function replace(shard: number, broken: Queue<DrainJob>): void {
    if (queues.get(shard) !== broken) return;
    queues.delete(shard);
    broken.close().catch(onError);
  }

  /** BullMQ's delays run on this machine's clock, the store's times on Redis's, which may be another one for each shard. */
  async function delayUntil(connectionId: string, atMs: number): Promise<number> {
    const now = clock();
    const shard = store.shardOf(connectionId);
    let offset = offsets.get(shard);
    if (offset === undefined || now - offset.readAtMs > OFFSET_KEPT_MS) {
      offset = { ms: (await store.nowMs(shard)) - now, readAtMs: now };
      offsets.set(shard, offset);
    }
    return atMs - (now + offset.ms);
  }

  return {
    wake: async (connectionId, atMs) => {
      const delay = await delayUntil(connectionId, atMs).catch(() => 0);
      if (delay <= NOW_MS) return add(connectionId, 0, { id: connectionId, keepLastIfActive: true });
      // One timer for one promise: drains that come to the same promise add the same timer.
      return add(connectionId, Math.ceil(delay), { id: `${connectionId}~${atMs}` });
    },
    spread: (connectionId) => {
      spreads = (spreads + 1) % SPREAD_MAX;
      return add(connectionId, 0, { id: `${connectionId}~spread${spreads}` });
    },
    repair: (connectionId) => add(connectionId, 0),
    onRefused: (told) => {
      refused = told;
    },
    close: async () => {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** What Redis says to a write when it is at its maxmemory. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.includes('OOM ');
}
