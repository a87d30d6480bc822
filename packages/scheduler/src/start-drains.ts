/*
  Runs drains on this worker, and the sweep that repairs what was lost.

  Each shard has drains of its own, so that one that is away stops those of no other. The sweep is of all shards, a job of a
  queue of its own in the first, so that it shows in dashboards and one worker of the fleet does it. It may be lost as any
  job: each worker looks as well whether the last sweep is too long ago, does it then, and adds the job again.
*/
import { queuePrefix, type RedisStore } from '@sluice/store';
import { Queue, Worker } from 'bullmq';
import { describeErrors } from './describe-errors.ts';
import { drainHere } from './drain-here.ts';
import type { Wakeups } from './open-wakeups.ts';
import { DRAIN_QUEUE, type DrainJob, SWEEP_QUEUE } from './queues.ts';

export interface DrainsOptions {
  readonly store: RedisStore;
  readonly wakeups: Wakeups;
  /** One worker's turn at a connection. Ends by itself after its slice; must not throw. */
  readonly drain: (connectionId: string) => Promise<void>;
  readonly onError: (error: Error) => void;
}

export interface Drains {
  /** Takes no new drain, waits for those that run. */
  stop(): Promise<void>;
}

/** Open drains of a worker, for each shard. Its calls in flight have a bound of their own. */
const DRAINS_MAX = 200;
const LOCK_MS = 5000;
const STALLED_CHECK_MS = 2500;
export const SWEEP_EVERY_MS = 500;
/** A promise is broken when it is this late. With the store's 700 ms for a running drain: 0.7 + 0.2 + 0.5 s < 1.5 s. */
const LATE_MS = 200;
/** The sweep itself is late when the last one is older: this worker does it. */
const SWEEP_LATE_MS = 600;
const WATCH_EVERY_MS = 250;
const ENSURE_EVERY_MS = 2000;

export function startDrains({ store, wakeups, drain, onError: tell }: DrainsOptions): Drains {
  const onError = describeErrors(store, tell);
  const shared = { connection: store.redis, prefix: queuePrefix() };
  const workerOptions = {
    ...shared,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  const drains = store.shardTags.map(
    (tag) =>
      new Worker<DrainJob>(DRAIN_QUEUE, (job) => drain(job.data.connectionId), {
        ...workerOptions,
        prefix: queuePrefix(tag),
        concurrency: DRAINS_MAX,
      }),
  );
  const sweepQueue = new Queue(SWEEP_QUEUE, { ...shared, streams: { events: { maxLen: 100 } } });
  const sweeps = new Worker(SWEEP_QUEUE, () => sweep(SWEEP_EVERY_MS / 2), { ...workerOptions, concurrency: 1 });
  const here = drainHere(drain, () => performance.now());
  wakeups.onRefused(here.plan);
  for (const one of drains) one.on('error', onError);
  sweeps.on('error', onError);
  sweepQueue.on('error', onError);

  async function sweep(notWithinMs: number): Promise<void> {
    const overdue = await store.sweep({ lateMs: LATE_MS, notWithinMs });
    await Promise.all(overdue.map((connectionId) => wakeups.repair(connectionId)));
  }

  function ensureSweep(): void {
    sweepQueue.upsertJobScheduler('sweep', { every: SWEEP_EVERY_MS }, { name: 'sweep' }).catch(onError);
  }

  ensureSweep();
  // Bounded to one look at a time: a Redis that is away would collect them.
  let looking = false;
  const watch = setInterval(() => {
    if (looking) return;
    looking = true;
    sweep(SWEEP_LATE_MS)
      .catch(onError)
      .finally(() => {
        looking = false;
      });
  }, WATCH_EVERY_MS);
  const ensure = setInterval(ensureSweep, ENSURE_EVERY_MS);

  return {
    stop: async () => {
      clearInterval(watch);
      clearInterval(ensure);
      await Promise.all([...drains.map((one) => one.close()), sweeps.close(), here.stop()]);
      await sweepQueue.close();
    },
  };
}
