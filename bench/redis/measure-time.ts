/*
  The time an activity costs Redis from append to settlement, beside a BullMQ job from add to completion. Straight on the store
  and the queue, without HTTP or Graph: those cost Redis nothing.
*/
import { openRedisStore, type RedisStore, SHARD_TAG } from '@sluice/store';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { addJobs, type OpenBullmq, openBullmq, QUEUE } from '../baselines/bullmq.ts';
import { type BenchRedis, startBenchRedis } from '../support/bench-redis.ts';
import { fillBacklog, makeActivities } from '../support/fill-backlog.ts';
import { HOT_ITEMS } from '../support/make-requests.ts';
import { type BenchOptions, type BenchResult, makeRow, type Row, type Sample } from '../support/row.ts';
import { type Side, takeTurns } from '../support/take-turns.ts';
import { type Cost, costOf, NO_COST } from './read-cost.ts';
import { settleLeases, takeLeases } from './walk-store.ts';

const CONNECTION = 'bench';
const CONCURRENCY = 50;
/** Taken before any of them is settled, so that the two can be told apart. */
const LEASES_AT_ONCE = 500;
const WARM_UP_SHARE = 0.25;

/** Of an activity. A job has no take and settle of its own: BullMQ fetches the next one with the script that ends this one. */
interface Costs {
  readonly add: Cost;
  readonly take: Cost;
  readonly settle: Cost;
  /** take + settle, or what a worker does with a job. */
  readonly rest: Cost;
}

interface Tools {
  readonly redis: BenchRedis;
  readonly store: RedisStore;
  readonly bullmq: OpenBullmq;
}

export async function measureTime({ quick, say }: BenchOptions): Promise<BenchResult> {
  const [rounds, activities] = quick ? [1, 4000] : [5, 20_000];
  const redis = await startBenchRedis({ appendOnly: true });
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  const bullmq = await openBullmq(redis.url);
  try {
    const tools: Tools = { redis, store, bullmq };
    const sides = [
      costSide('Sluice, hot', activities, (count) => walkStore(tools, count, HOT_ITEMS)),
      costSide('Sluice, distinct', activities, (count) => walkStore(tools, count, count)),
      costSide('Sluice, hot, ids', activities, (count) => walkStore(tools, count, HOT_ITEMS, true)),
      costSide('BullMQ', activities, (count) => walkQueue(tools, count)),
    ];
    const [hot, distinct, withIds, jobs] = await takeTurns(sides, {
      rounds,
      tell: (round, results) => {
        const shown = results.map((costs, at) => `${sides[at]!.name} ${whole(costs).scriptsUs.toFixed(1)}`).join(', ');
        say(`  ${round}, µs of scripts an activity: ${shown}`);
      },
    });
    const rows = [
      ...rowsOf('20 a call', hot!, jobs!),
      makeTimeRow('20 a call: append, ids remembered', withIds!.map(appended), {
        name: 'BullMQ addBulk',
        us: jobs!.map(appended),
        goal: null,
      }),
      ...rowsOf('all distinct, 1 a call', distinct!, jobs!),
    ];
    return { rows, redisVersion: redis.version };
  } finally {
    await bullmq.close();
    await store.close();
    await redis.stop();
  }
}

function costSide(name: string, activities: number, run: (count: number) => Promise<Costs>): Side<Costs> {
  return { name, run: ({ counted }) => run(counted ? activities : Math.ceil(activities * WARM_UP_SHARE)) };
}

async function walkStore({ redis, store }: Tools, activities: number, items: number, withIds = false): Promise<Costs> {
  await redis.prepare('everysec');
  const backlog = { store, connectionId: CONNECTION, shardTag: SHARD_TAG, activities, items, withIds };
  const add = await costOf(redis, NO_COST, () => fillBacklog(backlog));
  let [take, settle, leases] = [NO_COST, NO_COST, LEASES_AT_ONCE];
  while (leases === LEASES_AT_ONCE) {
    const taken: Awaited<ReturnType<typeof takeLeases>> = [];
    take = await costOf(redis, take, async () => {
      taken.push(...(await takeLeases(store, CONNECTION, LEASES_AT_ONCE)));
    });
    settle = await costOf(redis, settle, () => settleLeases(store, CONNECTION, taken));
    leases = taken.length;
  }
  const view = await store.connection(CONNECTION);
  if (view?.delivered !== activities) throw new Error(`of ${activities} entries ${view?.delivered} were settled`);
  const rest = sum(take, settle);
  return {
    add: each(add, activities),
    take: each(take, activities),
    settle: each(settle, activities),
    rest: each(rest, activities),
  };
}

async function walkQueue({ redis, bullmq }: Tools, activities: number): Promise<Costs> {
  await redis.prepare('everysec');
  const add = await costOf(redis, NO_COST, () =>
    addJobs(bullmq.queue, CONNECTION, makeActivities(activities, HOT_ITEMS)),
  );
  const rest = each(await costOf(redis, NO_COST, () => processJobs(redis.url, activities)), activities);
  return { add: each(add, activities), take: NO_COST, settle: NO_COST, rest };
}

/** With a processor that does nothing; ends when it has had them all. */
async function processJobs(redisUrl: string, jobs: number): Promise<void> {
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  let completed = 0;
  const worker = new Worker(QUEUE, async () => {}, {
    connection,
    concurrency: CONCURRENCY,
    removeOnComplete: { count: 0 },
  });
  worker.on('error', () => {});
  worker.on('completed', () => {
    completed++;
    if (completed === jobs) resolve();
  });
  await all;
  await worker.close();
  connection.disconnect();
}

function sum(one: Cost, other: Cost): Cost {
  return { scriptsUs: one.scriptsUs + other.scriptsUs, processUs: one.processUs + other.processUs };
}

function each({ scriptsUs, processUs }: Cost, activities: number): Cost {
  return { scriptsUs: scriptsUs / activities, processUs: processUs / activities };
}

function whole({ add, rest }: Costs): Cost {
  return sum(add, rest);
}

const appended = ({ add }: Costs) => add.scriptsUs;
const processed = ({ rest }: Costs) => rest.scriptsUs;
const scripts = (costs: Costs) => whole(costs).scriptsUs;
const wholeProcess = (costs: Costs) => whole(costs).processUs;

function rowsOf(kind: string, ours: readonly Costs[], jobs: readonly Costs[]): Row[] {
  const row = (name: string, of: (costs: Costs) => number, beside?: { name: string; goal: string | null }) =>
    makeTimeRow(`${kind}: ${name}`, ours.map(of), beside && { ...beside, us: jobs.map(of) });
  return [
    row('append', appended, { name: 'BullMQ addBulk', goal: null }),
    row('take', ({ take }) => take.scriptsUs),
    row('settle', ({ settle }) => settle.scriptsUs),
    row('take + settle', processed, { name: 'BullMQ processing', goal: null }),
    row('all scripts', scripts, { name: 'BullMQ', goal: '≤ 0.15' }),
    row('the whole process', wholeProcess, { name: 'BullMQ', goal: null }),
  ];
}

interface Beside {
  readonly name: string;
  readonly us: readonly number[];
  readonly goal: string | null;
}

function makeTimeRow(name: string, us: readonly number[], beside?: Beside): Row {
  const samples = (values: readonly number[]): Sample[] =>
    values.map((value) => ({ value, activities: null, cpu: null }));
  return makeRow({
    bench: 'redis',
    name,
    unit: 'µs an activity',
    sluice: { name: 'Sluice', samples: samples(us) },
    baselines:
      beside === undefined
        ? []
        : [{ name: beside.name, samples: samples(beside.us), compared: 'value', goal: beside.goal }],
  });
}
