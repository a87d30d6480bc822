/* The two queues of a shard and what their jobs look like in a dashboard. A job is a wake-up, never an activity: any of them may be lost. */
import type { JobsOptions } from 'bullmq';

export const DRAIN_QUEUE = 'drain';
export const SWEEP_QUEUE = 'sweep';

export interface DrainJob {
  readonly connectionId: string;
}

/** Nothing is kept of a drain that is over: the connection's state is in the store. */
export const DRAIN_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

/** BullMQ writes four events a job and cannot be told not to; nobody reads them. */
export const EVENTS_MAX = 100;
