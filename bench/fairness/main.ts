/*
  Do connections leave one another alone, does each get its part, and do more workers do more? With real processes.
    npm run bench -- fairness [--quick]      or      node bench/fairness/main.ts [--quick | --brief] [--only=isolation|together|shares|workers]
  Exits 1 when a bar was missed; --quick shows that it works and judges nothing. docs/performance.md says more.
*/
import { parseArgs } from 'node:util';
import { startCpuMeter } from '../support/cpu.ts';
import { say } from '../support/progress.ts';
import type { Spread } from '../support/spread.ts';
import { measureEqualShares } from './equal-shares.ts';
import { measureIsolation } from './isolation.ts';
import { measureMetTogether } from './met-together.ts';
import { measureScaling } from './scale-workers.ts';

const ISOLATED_MIN = 0.95;
const JAIN_MIN = 0.95;
const SCALED_MIN = 3.2;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const pace = values.quick ? 'quick' : values.brief ? 'brief' : 'full';
const wanted = (part: string) => values.only === undefined || values.only === part;
/** What is said of each part in the table. */
const rows: string[][] = [];

const meter = startCpuMeter({ bench: process.pid });
if (wanted('isolation')) await isolation();
if (wanted('together')) await together();
if (wanted('shares')) await shares();
if (wanted('workers')) await workers();
print(`\nfairness, ${pace}\n`);
for (const cells of [['', 'figure', 'bar'], ['---', '---', '---'], ...rows]) print(`| ${cells.join(' | ')} |`);
const { others } = meter.stop();
if (others !== null) print(`\nProcessors busy with everything that ran: ${others.toFixed(2)}.`);

async function isolation(): Promise<void> {
  say('one connection beside a neighbour in trouble');
  const measureS = { quick: 3, brief: 5, full: 15 }[pace];
  const results = await measureIsolation({
    measureS,
    neighboursMax: pace === 'quick' ? 2 : Number.POSITIVE_INFINITY,
    say,
  });
  for (const { name, beside, alone, neighbour } of results) {
    const share = beside / alone;
    const figure = `${percent(share)} of its rate alone (${beside.toFixed(1)} of ${alone.toFixed(1)} calls/s; the neighbour ${neighbour.toFixed(1)})`;
    judge(`a connection whose neighbour ${name}`, figure, `≥ ${percent(ISOLATED_MIN)}`, share >= ISOLATED_MIN);
  }
}

async function together(): Promise<void> {
  say('a small and a large hidden limit, met together at the start');
  const [settleS, measureS] = ({ quick: [3, 4], brief: [15, 10], full: [60, 30] } as const)[pace];
  const { alone, beside, small, limits } = await measureMetTogether({ settleS, measureS });
  const share = beside / alone;
  const figure = `${percent(share)} of its rate alone (${beside.toFixed(1)} of ${alone.toFixed(1)} calls/s; the other ${small.toFixed(1)})`;
  const name = `a connection with a limit of ${limits.large}/s beside one of ${limits.small}/s, both hidden, both new`;
  judge(name, figure, `≥ ${percent(ISOLATED_MIN)}`, share >= ISOLATED_MIN);
}

async function shares(): Promise<void> {
  const [settleS, measureS] = ({ quick: [3, 4], brief: [10, 10], full: [60, 30] } as const)[pace];
  for (const hidden of [false, true]) {
    say(`a hundred connections with equal ${hidden ? 'hidden' : 'configured'} quotas`);
    const settled = hidden ? settleS : Math.min(settleS, 10);
    const { name, jain, least, most, used } = await measureEqualShares({ rate: 2, hidden, settleS: settled, measureS });
    const figure = `Jain ${jain.toFixed(4)} (${least.toFixed(2)} to ${most.toFixed(2)} calls/s, together ${percent(used)} of the quotas)`;
    judge(`${name}, two workers`, figure, `≥ ${JAIN_MIN}`, jain >= JAIN_MIN);
  }
}

async function workers(): Promise<void> {
  say('one worker, then four');
  const options = ({ quick: [1, 2, 3], brief: [2, 3, 6], full: [3, 5, 12] } as const)[pace];
  const [rounds, settleS, measureS] = options;
  const { one, many, ratio, bound } = await measureScaling({ rounds, settleS, measureS, say });
  const figure = `${show(ratio, 2)} × (${show(one, 0)} and ${show(many, 0)} calls/s; one can do ${bound})`;
  judge(
    '1 → 4 workers, 200 ms, no limit, 40 connections, 50 calls in flight each',
    figure,
    `≥ ${SCALED_MIN}`,
    ratio.median >= SCALED_MIN,
  );
}

function judge(name: string, figure: string, bar: string, reached: boolean): void {
  const verdict = pace === 'quick' ? 'not judged' : reached ? 'reached' : '**missed**';
  rows.push([name, figure, `${bar}: ${verdict}`]);
  if (pace !== 'quick' && !reached) process.exitCode = 1;
}

function show({ median, min, max }: Spread, digits: number): string {
  const [middle, low, high] = [median, min, max].map((value) => value.toFixed(digits));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
