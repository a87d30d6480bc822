/* What a pending entry takes in Redis's memory, beside a waiting BullMQ job with the same activity. One round: it is no matter of time. */
import { openRedisStore, SHARD_TAG } from '@sluice/store';
import { addJobs, openBullmq } from '../baselines/bullmq.ts';
import { type BenchRedis, startBenchRedis } from '../support/bench-redis.ts';
import { fillBacklog, makeActivities, REQUEST_ACTIVITIES } from '../support/fill-backlog.ts';
import { HOT_ITEMS } from '../support/make-requests.ts';
import { makeRow, type Row } from '../support/row.ts';

const CONNECTION = 'bench';

export async function measureMemory({ entries }: { readonly entries: number }): Promise<Row[]> {
  const redis = await startBenchRedis({ appendOnly: false });
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  const bullmq = await openBullmq(redis.url);
  try {
    const fill = (activities: number, items: number) =>
      fillBacklog({ store, connectionId: CONNECTION, shardTag: SHARD_TAG, activities, items });
    const add = (count: number) => addJobs(bullmq.queue, CONNECTION, makeActivities(count, HOT_ITEMS));
    const hot = await bytesEach(redis, entries, (count) => fill(count, HOT_ITEMS));
    const distinct = await bytesEach(redis, entries, (count) => fill(count, count));
    const job = await bytesEach(redis, entries, add);
    const payload = JSON.stringify(wireForm()).length;
    return [
      memoryRow(`${HOT_ITEMS} items`, payload, hot, job, `Sluice ≤ ${payload + 40}`),
      memoryRow('all distinct', payload, distinct, job, `Sluice ≤ ${payload + 250}`),
    ];
  } finally {
    await bullmq.close();
    await store.close();
    await redis.stop();
  }
}

/** After a small part of the same, so that scripts, buffers and first pages are not counted. */
async function bytesEach(redis: BenchRedis, entries: number, fill: (count: number) => Promise<void>): Promise<number> {
  await redis.prepare('everysec');
  await fill(REQUEST_ACTIVITIES);
  const before = await usedBytes(redis);
  await fill(entries);
  return ((await usedBytes(redis)) - before) / entries;
}

/** Without what belongs to open connections, which comes and goes. */
async function usedBytes(redis: BenchRedis): Promise<number> {
  const memory = await redis.info('memory');
  const bytes = (name: string) => Number(memory.get(name) ?? 0);
  return bytes('used_memory') - bytes('mem_clients_normal') - bytes('mem_aof_buffer');
}

/** What a producer sends of one activity. */
function wireForm() {
  const [{ activity }] = makeActivities(1, 1) as [ReturnType<typeof makeActivities>[number]];
  return { ...activity, startMs: undefined, startDateTime: new Date(activity.startMs).toISOString() };
}

function memoryRow(kind: string, payload: number, ours: number, job: number, goal: string): Row {
  const samples = (value: number) => [{ value, activities: null, cpu: null }];
  return makeRow({
    bench: 'redis',
    name: `memory of a pending entry, ${kind} (as JSON ${payload} B)`,
    unit: 'B',
    sluice: { name: 'Sluice', samples: samples(ours) },
    baselines: [{ name: 'BullMQ job, waiting', samples: samples(job), compared: 'value', goal }],
  });
}
