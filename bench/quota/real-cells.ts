/*
  Cells of the matrix with real processes: each a Redis, an emulator and workers of its own, so that one cell's limit says
  nothing to another. All run at once: at these rates they need little of the processors, and the table says how much was
  left. What is counted is what the emulator saw arrive, second by second.
*/
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pass } from 'node:timers/promises';
import { openRedisStore, SHARD_TAG } from '@sluice/store';
import { type System, startSystem } from '../../test/support/start-system.ts';
import { startCpuMeter } from '../support/cpu.ts';
import { fillBacklog } from '../support/fill-backlog.ts';

export interface Cell {
  readonly name: string;
  readonly behavior: Readonly<Record<string, unknown>>;
  readonly workers: number;
  /** Calls a second that are Sluice's to use: the limit, less what the other client takes, times the share. */
  readonly ours: number;
  readonly share: number;
  readonly usedMin: number;
  readonly refusedMax: number;
}

const LATENCY = { latencyMs: [5, 20], concurrency: null };
const REFUSED_MAX = 0.005;

export const CELLS: readonly Cell[] = [
  {
    name: 'bucket, burst 1 s, 25/s',
    behavior: { ...LATENCY, rate: 25, window: 'bucket', burst: 25 },
    workers: 2,
    ours: 25,
    share: 1,
    usedMin: 0.97,
    refusedMax: REFUSED_MAX,
  },
  {
    name: 'fixed window, 50/s',
    behavior: { ...LATENCY, rate: 50, window: 'fixed' },
    workers: 4,
    ours: 50,
    share: 1,
    usedMin: 0.95,
    refusedMax: REFUSED_MAX,
  },
  {
    name: 'sliding window, 20/s',
    behavior: { ...LATENCY, rate: 20, window: 'sliding' },
    workers: 1,
    ours: 20,
    share: 1,
    usedMin: 0.95,
    refusedMax: REFUSED_MAX,
  },
  {
    name: 'bucket, burst 1 s, 30/s, another client at 10/s, share 0.8',
    behavior: { ...LATENCY, rate: 30, window: 'bucket', burst: 30, background: { rate: 10 } },
    workers: 2,
    ours: 16,
    share: 0.8,
    usedMin: 0.95,
    refusedMax: REFUSED_MAX,
  },
];

export interface Times {
  readonly settleS: number;
  readonly measureS: number;
}

export interface CellResult {
  readonly cell: Cell;
  readonly used: number;
  readonly refused: number;
  /** The rate in force at the end, of what is ours: above what was used, calls went out late. */
  readonly held: number;
  /** Share of the other client's calls that were refused while we settled, and while we were measured; null: there is none. */
  readonly otherRefused: { readonly settling: number; readonly measured: number } | null;
}

export interface CellsResult {
  readonly cells: readonly CellResult[];
  /** Processors busy with this bench, and with everything else on the machine; null where that is not known. */
  readonly busy: { readonly ours: number; readonly others: number } | null;
  /** How late this process's own timers were, milliseconds: what the workers had to live with. */
  readonly timersLateMs: { readonly p99: number; readonly max: number };
}

const CONNECTION = 'quota';
const ITEMS = 100;
const CALL_ENTRIES = 20;
/** More calls than the limit allows in the time: the backlog must not end before the measurement. */
const SPARE = 1.2;
const SPARE_S = 30;
const TELL_EVERY_S = 15;

type Say = (text: string) => void;

export async function runCells(cells: readonly Cell[], times: Times, say: Say): Promise<CellsResult> {
  const systems: System[] = [];
  try {
    for (const cell of cells) {
      say(`${cell.name}: ${cell.workers} worker${cell.workers > 1 ? 's' : ''}`);
      systems.push(await startCell(cell, times));
    }
    return await measure(cells, systems, times, say);
  } finally {
    await Promise.all(systems.map((system) => system.stop()));
  }
}

/** The backlog lies there before the first worker looks at it. */
async function startCell(cell: Cell, times: Times): Promise<System> {
  const env = {
    LOG_LEVEL: 'info',
    SLUICE_RATE_INITIAL: '20',
    SLUICE_QUOTA_SHARE: String(cell.share),
    SLUICE_LINGER_MS: '0',
    SLUICE_CALL_TIMEOUT_MS: '20000',
    SLUICE_LEASE_MS: '30000',
  };
  const redisArgs = ['--appendfsync', 'everysec'];
  const system = await startSystem({ workers: 0, intakes: 0, env, behavior: cell.behavior, redisArgs });
  const store = openRedisStore({ url: system.redis.url, role: 'worker', onError: () => {} });
  const calls = Math.ceil(cell.ours * SPARE * (times.settleS + times.measureS + SPARE_S));
  await fillBacklog({
    store,
    connectionId: CONNECTION,
    shardTag: SHARD_TAG,
    activities: calls * CALL_ENTRIES,
    items: ITEMS,
  });
  await store.close();
  return system;
}

async function measure(
  cells: readonly Cell[],
  systems: readonly System[],
  { settleS, measureS }: Times,
  say: Say,
): Promise<CellsResult> {
  // One after the other: nine at once may be too slow to start on a busy machine.
  for (const [at, system] of systems.entries()) {
    for (let started = 0; started < cells[at]!.workers; started++) await system.startWorker();
  }
  const beginS = Math.ceil(Date.now() / 1000) + 1;
  const fromS = beginS + settleS;
  const toS = fromS + measureS;
  say(`settling for ${settleS} s, then measuring for ${measureS} s`);
  await tellUntil(fromS, cells, systems, say);
  const settled = await Promise.all(systems.map(readOther));
  const meter = startCpuMeter(pidsOf(systems));
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  await tellUntil(toS, cells, systems, say);
  delay.disable();
  const { cores, others } = meter.stop();
  const results = await Promise.all(
    cells.map((cell, at) => readCell(cell, systems[at]!, settled[at]!, { fromS, toS })),
  );
  const ours = Object.values(cores).reduce((sum, used) => sum + used, 0);
  return {
    cells: results,
    busy: others === null ? null : { ours, others },
    timersLateMs: { p99: delay.percentile(99) / 1e6 - 10, max: delay.max / 1e6 - 10 },
  };
}

/** Waits for the second to begin, and says now and then how far each cell is. */
async function tellUntil(untilS: number, cells: readonly Cell[], systems: readonly System[], say: Say): Promise<void> {
  for (;;) {
    const leftMs = untilS * 1000 - Date.now();
    if (leftMs <= 0) return;
    await pass(Math.min(leftMs, TELL_EVERY_S * 1000));
    const toS = Math.floor(Date.now() / 1000);
    const shown = await Promise.all(
      cells.map(async ({ ours, behavior }, at) => {
        const { used, refusedCalls } = await readSeconds(systems[at]!, ours, { fromS: toS - TELL_EVERY_S, toS });
        return `${behavior['window']} ${(used * 100).toFixed(1)} %${refusedCalls > 0 ? ` (${refusedCalls} refused)` : ''}`;
      }),
    );
    say(`  last ${TELL_EVERY_S} s: ${shown.join(', ')}`);
  }
}

interface Span {
  readonly fromS: number;
  readonly toS: number;
}

async function readCell(cell: Cell, system: System, settled: Other, span: Span): Promise<CellResult> {
  const { used, refused } = await readSeconds(system, cell.ours, span);
  const end = await readOther(system);
  const measured = { accepted: end.accepted - settled.accepted, refused: end.refused - settled.refused };
  const otherRefused =
    end.accepted + end.refused === 0 ? null : { settling: shareRefused(settled), measured: shareRefused(measured) };
  return { cell, used, refused, held: (await readHeld(system)) / cell.ours, otherRefused };
}

async function readHeld(system: System): Promise<number> {
  const store = openRedisStore({ url: system.redis.url, role: 'worker', onError: () => {} });
  const view = await store.connection(CONNECTION);
  await store.close();
  return view?.bucket == null ? Number.NaN : 1e6 / view.bucket.intervalUs;
}

interface Other {
  readonly accepted: number;
  readonly refused: number;
}

async function readOther(system: System): Promise<Other> {
  return (await system.emulator.stats(CONNECTION)).background;
}

async function readSeconds(system: System, rate: number, { fromS, toS }: Span) {
  const { perSecond } = await system.emulator.stats(CONNECTION);
  const within = perSecond.filter(({ t }) => t >= fromS && t < toS);
  const accepted = within.reduce((sum, second) => sum + second.accepted, 0);
  const refusedCalls = within.reduce((sum, second) => sum + second.refused, 0);
  return {
    used: accepted / (rate * (toS - fromS)),
    refused: shareRefused({ accepted, refused: refusedCalls }),
    refusedCalls,
  };
}

function shareRefused({ accepted, refused }: Other): number {
  return refused / Math.max(1, accepted + refused);
}

function pidsOf(systems: readonly System[]): Record<string, number> {
  const pids: Record<string, number> = { bench: process.pid };
  for (const [at, { redis, emulatorService, workers }] of systems.entries()) {
    pids[`Redis ${at}`] = redis.pid;
    pids[`Graph ${at}`] = emulatorService.pid;
    for (const [nth, worker] of workers.entries()) pids[`worker ${at}.${nth}`] = worker.pid;
  }
  return pids;
}
