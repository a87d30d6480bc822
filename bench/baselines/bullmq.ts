/*
  How all baselines use BullMQ: one queue, jobs removed once they are done, and pipelining where it helps: addBulk has its
  own, single adds are put together by ioredis.
*/
import type { AcceptedActivity, Activity } from '@sluice/core';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

export interface ActivityJob {
  readonly connectionId: string;
  readonly itemId: string;
  readonly activity: Activity;
}

export const QUEUE = 'activities';

export interface OpenBullmq {
  readonly queue: Queue<ActivityJob>;
  readonly redis: Redis;
  close(): Promise<void>;
}

export async function openBullmq(redisUrl: string): Promise<OpenBullmq> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null, enableAutoPipelining: true });
  const queue = new Queue<ActivityJob>(QUEUE, {
    connection: redis,
    defaultJobOptions: { attempts: 3, removeOnComplete: true, removeOnFail: 1000 },
  });
  queue.on('error', () => {});
  await queue.waitUntilReady();
  return {
    queue,
    redis,
    close: async () => {
      await queue.close();
      redis.disconnect();
    },
  };
}

const BULK_JOBS = 1000;

/** A backlog of jobs. */
export async function addJobs(
  queue: Queue<ActivityJob>,
  connectionId: string,
  activities: readonly AcceptedActivity[],
): Promise<void> {
  for (let from = 0; from < activities.length; from += BULK_JOBS) {
    await queue.addBulk(bulkOf(connectionId, activities.slice(from, from + BULK_JOBS)));
  }
}

export function bulkOf(connectionId: string, activities: readonly AcceptedActivity[]) {
  return activities.map(({ itemId, activity }) => ({ name: QUEUE, data: { connectionId, itemId, activity } }));
}
