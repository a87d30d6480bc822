/*
  How fast the intake acknowledges. Its process, Redis and the client share the machine, as they do on the smallest installation;
  so does each baseline. No worker runs: the backlog only grows, and is thrown away before the next round.
*/
import { type Service, spawnService } from '@sluice/testing';
import { type BenchRedis, type Fsync, startBenchRedis } from '../support/bench-redis.ts';
import { type CpuMeter, startCpuMeter } from '../support/cpu.ts';
import { runHttpLoad } from '../support/http-load.ts';
import { createRequests, HOT_ITEMS, type RequestKind } from '../support/make-requests.ts';
import { PATIENCE } from '../support/quiet.ts';
import { type BenchOptions, type BenchResult, makeRow, type Row, type Sample } from '../support/row.ts';
import { type Side, takeTurns } from '../support/take-turns.ts';

interface IntakeRow extends RequestKind {
  readonly name: string;
  readonly connections: number;
  readonly goals: { readonly none: string; readonly bullmq: string };
}

const ROWS: readonly IntakeRow[] = [
  { name: '1 a request', activities: 1, items: 'hot', connections: 64, goals: { none: '≥ 0.7', bullmq: '≥ 4' } },
  {
    name: `100 a request, one for each of ${HOT_ITEMS} items`,
    activities: 100,
    items: 'hot',
    connections: 16,
    goals: { none: '≥ 0.45', bullmq: '≥ 12' },
  },
  {
    name: `1,000 a request, ten for each of ${HOT_ITEMS} items`,
    activities: 1000,
    items: 'hot',
    connections: 8,
    goals: { none: '≥ 0.45', bullmq: '≥ 12' },
  },
  {
    name: '1,000 a request, no item ever twice',
    activities: 1000,
    items: 'distinct',
    connections: 8,
    goals: { none: '≥ 0.15', bullmq: '≥ 6' },
  },
];

interface Timing {
  readonly rounds: number;
  readonly countedMs: number;
  readonly leadInMs: number;
  /** The first time of each side: long enough for the code to be compiled. */
  readonly warmUpMs: number;
}

const FULL: Timing = { rounds: 5, countedMs: 2500, leadInMs: 300, warmUpMs: 1500 };
const QUICK: Timing = { rounds: 1, countedMs: 600, leadInMs: 100, warmUpMs: 400 };

export async function measureIntake({ quick, patient, say }: BenchOptions): Promise<BenchResult> {
  const redis = await startBenchRedis({ appendOnly: true });
  const services: Service[] = [];
  const start = async (place: { service: string } | { entryFile: string }, more: Record<string, string> = {}) => {
    const service = await spawnService({ ...place, env: { REDIS_URL: redis.url, ...more }, args: [redis.url] });
    services.push(service);
    return service;
  };
  try {
    const parts: RowServices = {
      redis,
      sluice: await start({ service: 'intake' }),
      forgetful: await start({ service: 'intake' }, { SLUICE_DEDUPE: 'off' }),
      none: await start({ entryFile: 'bench/baselines/null-intake.ts' }),
      bullmq: await start({ entryFile: 'bench/baselines/bullmq-intake.ts' }),
      timing: quick ? QUICK : FULL,
      patient,
      say,
    };
    const rows: Row[] = [];
    for (const row of ROWS) rows.push(await measureRow(row, parts));
    return { rows, redisVersion: redis.version };
  } finally {
    await Promise.all(services.map((service) => service.kill('SIGKILL')));
    await redis.stop();
  }
}

interface RowServices {
  readonly redis: BenchRedis;
  readonly sluice: Service;
  /** Sluice with SLUICE_DEDUPE=off. */
  readonly forgetful: Service;
  readonly none: Service;
  readonly bullmq: Service;
  readonly timing: Timing;
  readonly patient: boolean;
  readonly say: (text: string) => void;
}

async function measureRow(row: IntakeRow, parts: RowServices): Promise<Row> {
  const { sluice, forgetful, none, bullmq, timing, patient, say } = parts;
  const sides = [
    loadSide('Sluice', { ...parts, row, service: sluice, fsync: 'everysec' }),
    loadSide('null', { ...parts, row, service: none, fsync: 'everysec' }),
    loadSide('BullMQ', { ...parts, row, service: bullmq, fsync: 'everysec' }),
    loadSide('Sluice, fsync always', { ...parts, row, service: sluice, fsync: 'always' }),
    loadSide('Sluice, dedupe off', { ...parts, row, service: forgetful, fsync: 'everysec' }),
  ];
  say(`intake, ${row.name}`);
  const [ours, nothing, jobs, always, off] = await takeTurns(sides, {
    rounds: timing.rounds,
    tell: (round, results) => {
      const shown = results.map(({ value }, at) => `${sides[at]!.name} ${Math.round(value)}`).join(', ');
      say(`  ${round}, requests/s: ${shown}`);
    },
    ...(patient && PATIENCE),
  });
  const add = row.activities === 1 ? 'add' : 'addBulk';
  return makeRow({
    bench: 'intake',
    name: row.name,
    unit: 'requests/s',
    sluice: { name: 'Sluice', samples: ours! },
    baselines: [
      { name: 'null: nothing is stored', samples: nothing!, compared: 'value', goal: row.goals.none },
      { name: `BullMQ ${add}`, samples: jobs!, compared: 'value', goal: row.goals.bullmq },
      { name: 'Sluice, appendfsync always', samples: always!, compared: 'value', goal: '≥ 0.85', inverse: true },
      { name: 'Sluice, SLUICE_DEDUPE=off', samples: off!, compared: 'value', goal: null, inverse: true },
    ],
  });
}

interface LoadParts extends RowServices {
  readonly row: IntakeRow;
  readonly service: Service;
  readonly fsync: Fsync;
}

function loadSide(name: string, { redis, service, row, fsync, timing, say }: LoadParts): Side<Sample> {
  const request = createRequests(row, row.connections);
  async function run({ counted }: { readonly counted: boolean }): Promise<Sample> {
    await redis.prepare(fsync);
    const meters: CpuMeter[] = [];
    const result = await runHttpLoad({
      url: service.url!,
      connections: row.connections,
      request,
      leadInMs: timing.leadInMs,
      countedMs: counted ? timing.countedMs : timing.warmUpMs,
      onCounting: () => meters.push(startCpuMeter({ intake: service.pid, Redis: redis.pid, client: process.pid })),
    });
    const cpu = meters[0]?.stop() ?? null;
    if (result.firstRefusal !== null) say(`  ${name}: ${result.refused} requests refused: ${result.firstRefusal}`);
    const perSecond = result.accepted / result.seconds;
    return { value: perSecond, activities: perSecond * row.activities, cpu };
  }
  return { name, run };
}
