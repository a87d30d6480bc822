/*
  Three times as many requests as the intake can take, for a minute: what it takes then, beside the most it takes when it is
  asked for just that much; how fast it refuses the rest; and whether it grows.
    node bench/overload/main.ts [--quick | --brief]
*/
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { spawnService } from '@sluice/testing';
import { startBenchRedis } from '../support/bench-redis.ts';
import { runHttpLoad } from '../support/http-load.ts';
import { createRequests, type RequestKind } from '../support/make-requests.ts';
import { say } from '../support/progress.ts';
import { offerLoad } from './offer-load.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, brief: { type: 'boolean', default: false } },
});
const short = values.quick || values.brief;
const MAX_MS = short ? 4000 : 15_000;
const OVERLOAD_MS = short ? 8000 : 60_000;
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
  'share',
  'share by CPU',
  'refused/s',
  'refused in, p50/p99 ms',
  'taken in, p50/p99 ms',
  'not sent/s',
  'grown, MiB',
  'bars',
];
process.stdout.write([head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join(''));
if (missed && !short) process.exitCode = 1;

async function measure({ name, kind, connections }: Row): Promise<string[]> {
  await redis.prepare('everysec');
  const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url } });
  const emptying = setInterval(() => void redis.client.flushall('ASYNC'), EMPTIED_EVERY_MS);
  try {
    say(`overload, ${name}: the most`);
    const common = { url: intake.url!, request: createRequests(kind, connections * 20) };
    const cpu: number[] = [];
    const noteCpu = () => void cpu.push(cpuSeconds(intake.pid));
    const most = await runHttpLoad({ ...common, connections, leadInMs: 1500, countedMs: MAX_MS, onCounting: noteCpu });
    noteCpu();
    const mostPerSecond = most.accepted / most.seconds;
    const overload = { ...common, perSecond: TIMES * mostPerSecond, connections: connections * 20 };
    say(`overload, ${name}: ${Math.round(mostPerSecond)} requests/s; now three times as many`);
    await offerLoad({ ...overload, forMs: 2000 });
    const beforeMib = residentMib(intake.pid);
    noteCpu();
    const got = await offerLoad({ ...overload, forMs: OVERLOAD_MS });
    const grownMib = residentMib(intake.pid) - beforeMib;
    noteCpu();
    const [beforeMost, afterMost, beforeFlood, afterFlood] = cpu as [number, number, number, number];
    const shareByCpu = got.accepted / (afterFlood - beforeFlood) / (most.accepted / (afterMost - beforeMost));
    const share = got.accepted / got.seconds / mostPerSecond;
    const refusedP99 = quantile(got.refusedMs, 0.99);
    const met = share >= GOODPUT_MIN && !(refusedP99 > REFUSED_P99_MS_MAX) && grownMib <= GROWTH_MIB_MAX;
    missed ||= !met || got.others > 0;
    const per = (count: number) => String(Math.round(count / got.seconds));
    const spread = (ms: readonly number[]) => `${quantile(ms, 0.5).toFixed(1)} / ${quantile(ms, 0.99).toFixed(1)}`;
    return [
      name,
      String(Math.round(mostPerSecond)),
      per(got.accepted),
      `${Math.round(share * 100)} %`,
      `${Math.round(shareByCpu * 100)} %`,
      per(got.refusedMs.length),
      spread(got.refusedMs),
      spread(got.acceptedMs),
      per(got.unsent),
      grownMib.toFixed(0),
      met ? 'met' : 'missed',
    ];
  } finally {
    clearInterval(emptying);
    await intake.kill('SIGKILL');
  }
}

function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Processor time it has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** NaN when there is nothing to sort. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
