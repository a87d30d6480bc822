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
    const fill = (activities: number, items: number, withIds = false) =>
      fillBacklog({ store, connectionId: CONNECTION, shardTag: SHARD_TAG, activities, items, withIds });
    const add = (count: number) => addJobs(bullmq.queue, CONNECTION, makeActivities(count, HOT_ITEMS));
    const hot = await bytesEach(redis, entries, (count) => fill(count, HOT_ITEMS));
    const distinct = await bytesEach(redis, entries, (count) => fill(count, count));
    const hotWithIds = await bytesEach(redis, entries, (count) => fill(count, HOT_ITEMS, true));
    const job = await bytesEach(redis, entries, add);
    const payload = JSON.stringify(wireForm()).length;
    return [
      makeMemoryRow(`a pending entry, ${HOT_ITEMS} items (as JSON ${payload} B)`, hot, {
        job,
        goal: `Sluice ≤ ${payload + 40}`,
      }),
      makeMemoryRow(`a pending entry, all distinct (as JSON ${payload} B)`, distinct, {
        job,
        goal: `Sluice ≤ ${payload + 250}`,
      }),
      makeMemoryRow('a remembered id', hotWithIds - hot),
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

function makeMemoryRow(name: string, bytes: number, beside?: { job: number; goal: string }): Row {
  const samples = (value: number) => [{ value, activities: null, cpu: null }];
  return makeRow({
    bench: 'redis',
    name: `memory of ${name}`,
    unit: 'B',
    sluice: { name: 'Sluice', samples: samples(bytes) },
    baselines:
      beside === undefined
        ? []
        : [{ name: 'BullMQ job, waiting', samples: samples(beside.job), compared: 'value', goal: beside.goal }],
  });
}
