/*
  Three times as many requests as the intake can take: what it takes then, beside the most it takes when it is asked for just
  that much; how fast it refuses the rest; and whether it grows. The two take turns, and each overload is compared with the
  most before and behind it, so that what else the machine does falls on both.
    node bench/overload/main.ts [--quick | --brief]
*/
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Service, spawnService } from '@sluice/testing';
import { startBenchRedis } from '../support/bench-redis.ts';
import { runHttpLoad } from '../support/http-load.ts';
import { createRequests, type RequestKind } from '../support/make-requests.ts';
import { say } from '../support/progress.ts';
import { type Offered, offerLoad } from './offer-load.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, brief: { type: 'boolean', default: false } },
});
const short = values.quick || values.brief;
/** A minute of overload in short turns: this machine may be half as fast a few seconds later, and that is to fall on both. */
const MOST_MS = 2500;
const OVERLOAD_MS = short ? 4000 : 5000;
const ROUNDS = short ? 1 : 12;
const TIMES = 3;
const GOODPUT_MIN = 0.9;
const REFUSED_P99_MS_MAX = 50;
const GROWTH_MIB_MAX = 50;
/** The backlog is no part of it: it is thrown away while it grows, so that a minute of it does not fill the machine. */
const EMPTIED_EVERY_MS = 3000;

interface Row {
  readonly name: string;
  readonly kind: RequestKind;
  readonly connections: number;
}

const ROWS: readonly Row[] = [
  { name: '1 a request', kind: { activities: 1, items: 'hot' }, connections: 64 },
  { name: '100 a request', kind: { activities: 100, items: 'hot' }, connections: 32 },
  { name: '1,000 a request', kind: { activities: 1000, items: 'hot' }, connections: 8 },
];
/** So many more connections offer the overload, so that it is offered also while answers take their time. */
const CONNECTIONS_TIMES = 20;

const redis = await startBenchRedis({ appendOnly: true });
const rows: string[][] = [];
let missed = false;
try {
  for (const row of ROWS) rows.push(await measure(row));
} finally {
  await redis.stop();
}
const head = [
  'overload × 3',
  'most, requests/s',
  'taken, requests/s',
  'share: median, quarters, range',
  'intake CPU a taken request ÷ at the most',
  'intake, generator: processors used, most → overload',
  'refused/s',
  'refused in, p50/p99 ms',
  'taken in, p50/p99 ms',
  'not sent/s',
  'grown, MiB',
  'bars',
];
process.stdout.write([head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join(''));
if (missed && !short) process.exitCode = 1;

interface Phase {
  readonly perSecond: number;
  /** Seconds of processor time of the intake that a taken request cost. */
  readonly cpuEach: number;
  readonly intakeCpus: number;
  readonly generatorCpus: number;
}

async function measure(row: Row): Promise<string[]> {
  await redis.prepare('everysec');
  const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url } });
  const emptying = setInterval(() => void redis.client.flushall('ASYNC'), EMPTIED_EVERY_MS);
  try {
    say(`overload, ${row.name}`);
    const request = createRequests(row.kind, row.connections * CONNECTIONS_TIMES);
    const most = [await measureMost(row, intake, request)];
    const floods: Phase[] = [];
    const offered: Offered[] = [];
    // Not counted: the heap finds its size, as it does once in a process's life.
    await overload(most[0]!, { row, intake, request, forMs: short ? 1500 : 5000 });
    const beforeMib = residentMib(intake.pid);
    for (let round = 0; round < ROUNDS; round++) {
      const { phase, got } = await overload(most.at(-1)!, { row, intake, request, forMs: OVERLOAD_MS });
      floods.push(phase);
      offered.push(got);
      most.push(await measureMost(row, intake, request));
      say(`overload, ${row.name}: ${Math.round(phase.perSecond)} of ${Math.round(most.at(-1)!.perSecond)} requests/s`);
    }
    return describe(row, { most, floods, offered, grownMib: residentMib(intake.pid) - beforeMib });
  } finally {
    clearInterval(emptying);
    await intake.kill('SIGKILL');
  }
}

async function measureMost(
  { connections }: Row,
  { url, pid }: Service,
  request: (connection: number) => Buffer,
): Promise<Phase> {
  let begin = noteCpu(pid);
  const most = await runHttpLoad({
    url: url!,
    request,
    connections,
    leadInMs: 1000,
    countedMs: MOST_MS,
    onCounting: () => {
      begin = noteCpu(pid);
    },
  });
  return phaseOf(most.accepted, most.seconds, begin, noteCpu(pid));
}

interface Flood {
  readonly row: Row;
  readonly intake: Service;
  readonly request: (connection: number) => Buffer;
  readonly forMs: number;
}

async function overload(most: Phase, { row, intake: { url, pid }, request, forMs }: Flood) {
  const begin = noteCpu(pid);
  let end = begin;
  const onCounted = () => {
    end = noteCpu(pid);
  };
  const connections = row.connections * CONNECTIONS_TIMES;
  const got = await offerLoad({ url: url!, request, perSecond: TIMES * most.perSecond, connections, forMs, onCounted });
  return { got, phase: phaseOf(got.accepted, got.seconds, begin, end) };
}

interface Measured {
  readonly most: readonly Phase[];
  readonly floods: readonly Phase[];
  readonly offered: readonly Offered[];
  readonly grownMib: number;
}

function describe({ name }: Row, { most, floods, offered, grownMib }: Measured): string[] {
  const shares = floods.map(({ perSecond }, n) => perSecond / mean([most[n]!.perSecond, most[n + 1]!.perSecond]));
  const costs = floods.map(({ cpuEach }, n) => cpuEach / mean([most[n]!.cpuEach, most[n + 1]!.cpuEach]));
  const refusedMs = offered.flatMap((one) => one.refusedMs);
  const acceptedMs = offered.flatMap((one) => one.acceptedMs);
  const seconds = offered.reduce((sum, one) => sum + one.seconds, 0);
  const others = offered.reduce((sum, one) => sum + one.others, 0);
  const per = (count: number) => String(Math.round(count / seconds));
  const spread = (ms: readonly number[]) => `${quantile(ms, 0.5).toFixed(1)} / ${quantile(ms, 0.99).toFixed(1)}`;
  const cpus = (phases: readonly Phase[]) =>
    `${mean(phases.map((one) => one.intakeCpus)).toFixed(2)}, ${mean(phases.map((one) => one.generatorCpus)).toFixed(2)}`;
  const met =
    quantile(shares, 0.5) >= GOODPUT_MIN &&
    !(quantile(refusedMs, 0.99) > REFUSED_P99_MS_MAX) &&
    grownMib <= GROWTH_MIB_MAX &&
    others === 0;
  missed ||= !met;
  return [
    name,
    String(
      Math.round(
        quantile(
          most.map(({ perSecond }) => perSecond),
          0.5,
        ),
      ),
    ),
    per(acceptedMs.length),
    spreadOf(shares.map((share) => share * 100)),
    quantile(costs, 0.5).toFixed(2),
    `${cpus(most)} → ${cpus(floods)}`,
    per(refusedMs.length),
    spread(refusedMs),
    spread(acceptedMs),
    per(offered.reduce((sum, one) => sum + one.unsent, 0)),
    grownMib.toFixed(0),
    met ? 'met' : `missed${others > 0 ? `, ${others} other answers` : ''}`,
  ];
}

interface CpuNote {
  readonly atMs: number;
  readonly intakeS: number;
  readonly generatorS: number;
}

function noteCpu(pid: number): CpuNote {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), intakeS: cpuSeconds(pid), generatorS: (user + system) / 1_000_000 };
}

function phaseOf(taken: number, seconds: number, begin: CpuNote, end: CpuNote): Phase {
  const wallS = (end.atMs - begin.atMs) / 1000;
  return {
    perSecond: taken / seconds,
    cpuEach: (end.intakeS - begin.intakeS) / taken,
    intakeCpus: (end.intakeS - begin.intakeS) / wallS,
    generatorCpus: (end.generatorS - begin.generatorS) / wallS,
  };
}

function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Processor time it has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** Per cent: half of the rounds lie between the quarters. */
function spreadOf(percents: readonly number[]): string {
  const at = (share: number) => Math.round(quantile(percents, share));
  return `${at(0.5)} %, ${at(0.25)} to ${at(0.75)}, ${at(0)} to ${at(1)}`;
}

/** NaN when there is nothing to sort. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
