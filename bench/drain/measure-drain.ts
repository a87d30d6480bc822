/*
  How fast a backlog leaves when Graph takes everything at once. Graph is the emulator, a process on the same machine that
  parses and checks each call and keeps a ledger of it, so each side is measured with its share of that.
*/
import { openWakeups, type Wakeups } from '@sluice/scheduler';
import { openRedisStore, type RedisStore, SHARD_TAG } from '@sluice/store';
import { eventually, spawnService } from '@sluice/testing';
import { addJobs, type OpenBullmq, openBullmq } from '../baselines/bullmq.ts';
import { type CpuUse, startCpuMeter } from '../support/cpu.ts';
import { fillBacklog, makeActivities } from '../support/fill-backlog.ts';
import { HOT_ITEMS } from '../support/make-requests.ts';
import { PATIENCE } from '../support/quiet.ts';
import { type BenchOptions, type BenchResult, makeRow, type Row, type Sample } from '../support/row.ts';
import { type Side, takeTurns } from '../support/take-turns.ts';
import { type DrainSystem, IN_FLIGHT, startDrainSystem } from './drain-system.ts';

interface Amounts {
  readonly rounds: number;
  /** Activities of a round: Sluice with full calls, Sluice with one a call, BullMQ. Two to three seconds each. */
  readonly hot: number;
  readonly single: number;
  readonly jobs: number;
  /** Calls of the bare loop. */
  readonly calls: number;
}

const FULL: Amounts = { rounds: 5, hot: 60_000, single: 6000, jobs: 6000, calls: 6000 };
const QUICK: Amounts = { rounds: 1, hot: 12_000, single: 600, jobs: 600, calls: 600 };
const CONNECTION = 'bench';
const CALL_ENTRIES = 20;
const DRAIN_MS_MAX = 60_000;
const WARM_UP_SHARE = 0.5;

interface Tools {
  readonly system: DrainSystem;
  readonly store: RedisStore;
  readonly wakeups: Wakeups;
  readonly bullmq: OpenBullmq;
  readonly amounts: Amounts;
  readonly patient: boolean;
  readonly say: (text: string) => void;
}

export async function measureDrain({ quick, patient, say }: BenchOptions): Promise<BenchResult> {
  const system = await startDrainSystem();
  const store = openRedisStore({ url: system.redis.url, role: 'worker', onError: () => {} });
  const wakeups = openWakeups({ store });
  const bullmq = await openBullmq(system.redis.url);
  try {
    const tools: Tools = { system, store, wakeups, bullmq, amounts: quick ? QUICK : FULL, patient, say };
    const rows = [await measureFull(tools), await measureSingle(tools)];
    return { rows, redisVersion: system.redis.version };
  } finally {
    await bullmq.close();
    await wakeups.close();
    await store.close();
    await system.stop();
  }
}

async function measureFull(tools: Tools): Promise<Row> {
  const { hot, jobs, calls } = tools.amounts;
  const [ours, each, bare] = await turns(tools, `${CALL_ENTRIES} a call`, [
    sluiceSide(tools, hot, HOT_ITEMS),
    bullmqSide(tools, jobs, HOT_ITEMS),
    bareSide(tools, calls),
  ]);
  return makeRow({
    bench: 'drain',
    name: `${hot.toLocaleString('en-US')} on ${HOT_ITEMS} items, ${CALL_ENTRIES} a call`,
    unit: 'calls/s',
    sluice: { name: 'Sluice, one worker', samples: ours! },
    baselines: [
      { name: 'BullMQ, a job and a call each', samples: each!, compared: 'activities', goal: '≥ 20' },
      { name: 'bare undici loop', samples: bare!, compared: 'value', goal: '≥ 0.7' },
    ],
  });
}

async function measureSingle(tools: Tools): Promise<Row> {
  const { single, jobs } = tools.amounts;
  const [ours, each] = await turns(tools, '1 a call', [
    sluiceSide(tools, single, single),
    bullmqSide(tools, jobs, jobs),
  ]);
  return makeRow({
    bench: 'drain',
    name: `${single.toLocaleString('en-US')} on as many items, 1 a call`,
    unit: 'calls/s',
    sluice: { name: 'Sluice, one worker', samples: ours! },
    baselines: [{ name: 'BullMQ, a job and a call each', samples: each!, compared: 'activities', goal: '≥ 2' }],
  });
}

function turns({ amounts, patient, say }: Tools, name: string, sides: readonly Side<Sample>[]): Promise<Sample[][]> {
  say(`drain, ${name}`);
  const tell = (round: string, results: readonly Sample[]) => {
    const shown = results.map(({ value }, at) => `${sides[at]!.name} ${Math.round(value)}`).join(', ');
    say(`  ${round}, calls/s: ${shown}`);
  };
  return takeTurns(sides, { rounds: amounts.rounds, tell, ...(patient && PATIENCE) });
}

function sluiceSide(tools: Tools, activities: number, items: number): Side<Sample> {
  const { system, store, wakeups } = tools;
  return side('Sluice', activities, async (count) => {
    await store.pause(CONNECTION);
    await fillBacklog({ store, connectionId: CONNECTION, shardTag: SHARD_TAG, activities: count, items });
    return drain(tools, { worker: system.worker.pid }, count, {
      begin: async () => {
        const wakeAtMs = await store.resume(CONNECTION);
        if (wakeAtMs !== null) await wakeups.wake(CONNECTION, wakeAtMs);
      },
      isOver: async () => (await store.connection(CONNECTION))?.pending === 0,
    });
  });
}

function bullmqSide(tools: Tools, activities: number, items: number): Side<Sample> {
  const { system, bullmq } = tools;
  const { queue } = bullmq;
  return side('BullMQ', activities, async (count) => {
    await queue.pause();
    await addJobs(queue, CONNECTION, makeActivities(count, items));
    return drain(tools, { worker: system.bullmqWorker.pid }, count, {
      begin: () => queue.resume(),
      isOver: async () => Object.values(await queue.getJobCounts('waiting', 'active', 'delayed')).every((n) => n === 0),
    });
  });
}

function bareSide({ system }: Tools, calls: number): Side<Sample> {
  return side('bare loop', calls, async (count) => {
    const loop = await spawnService({
      entryFile: 'bench/baselines/bare-loop.ts',
      args: [system.graph.url!, String(IN_FLIGHT), String(Math.ceil(count * WARM_UP_SHARE)), String(count)],
      readyWithinMs: DRAIN_MS_MAX,
    });
    const meter = startCpuMeter({ loop: loop.pid, Graph: system.graph.pid, client: process.pid });
    try {
      const { seconds } = await loop.waitFor('done', { withinMs: DRAIN_MS_MAX });
      const perSecond = count / Number(seconds);
      return { value: perSecond, activities: perSecond * CALL_ENTRIES, cpu: meter.stop() };
    } finally {
      await loop.kill('SIGKILL');
    }
  });
}

function side(name: string, amount: number, run: (count: number) => Promise<Sample>): Side<Sample> {
  return { name, run: ({ counted }) => run(counted ? amount : Math.ceil(amount * WARM_UP_SHARE)) };
}

interface DrainSteps {
  readonly begin: () => Promise<void>;
  readonly isOver: () => Promise<boolean>;
}

/** From the moment the backlog is let go until nothing of it is left, delivered and settled. */
async function drain(
  { system }: Tools,
  pids: Readonly<Record<string, number>>,
  activities: number,
  { begin, isOver }: DrainSteps,
): Promise<Sample> {
  await fetch(`${system.graph.url}/emulator/reset`, { method: 'POST' });
  const meter = startCpuMeter({ ...pids, Redis: system.redis.pid, Graph: system.graph.pid, client: process.pid });
  const begunMs = performance.now();
  await begin();
  await eventually(isOver, { withinMs: DRAIN_MS_MAX, what: `${activities} activities are delivered` });
  const seconds = (performance.now() - begunMs) / 1000;
  const cpu: CpuUse = meter.stop();
  const stats = await system.control.stats();
  if (stats.activities !== activities) {
    throw new Error(`of ${activities} activities ${stats.activities} arrived: ${JSON.stringify(stats.byStatus)}`);
  }
  return { value: stats.calls / seconds, activities: activities / seconds, cpu };
}
