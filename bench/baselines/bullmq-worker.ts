/* One call for each job, as a worker on BullMQ is usually written. Arguments: the URLs of Redis and of Graph, concurrency. */
import { formatInstant } from '@sluice/core';
import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type ActivityJob, QUEUE } from './bullmq.ts';
import { openGraphCalls, pathOf } from './graph-call.ts';

const [redisUrl, graphUrl, concurrency] = process.argv.slice(2) as [string, string, string];

const graph = await openGraphCalls(graphUrl, Number(concurrency));

async function deliver({ data: { connectionId, itemId, activity } }: Job<ActivityJob>): Promise<void> {
  const one = {
    '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
    type: activity.type,
    startDateTime: formatInstant(activity.startMs),
    performedBy: activity.performedBy,
  };
  await graph.post(pathOf(connectionId, itemId), JSON.stringify({ activities: [one] }));
}

const worker = new Worker<ActivityJob>(QUEUE, deliver, {
  connection: new Redis(redisUrl, { maxRetriesPerRequest: null }),
  concurrency: Number(concurrency),
  removeOnComplete: { count: 0 },
});
worker.on('error', () => {});
await worker.waitUntilReady();
process.stdout.write(`${JSON.stringify({ level: 30, msg: 'started' })}\n`);
