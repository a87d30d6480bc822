/*
  The benchmark: one command, one table.
    npm run bench [-- NAME ...] [--quick] [--patient] [--keep]
  docs/performance.md says how to read it. A folder here with a main.ts is a bench of its own: it runs in its own process,
  prints what it wants, and is given --quick, or --brief when it is one of all.
*/
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureDrain } from './drain/measure-drain.ts';
import { measureIntake } from './intake/measure-intake.ts';
import { measureRedis } from './redis/measure-redis.ts';
import { keepResults } from './support/keep-results.ts';
import { describeMachine } from './support/machine.ts';
import { say } from './support/progress.ts';
import type { BenchOptions, BenchResult } from './support/row.ts';
import { renderReport } from './support/table.ts';

interface Bench {
  readonly about: string;
  readonly measure: (options: BenchOptions) => Promise<BenchResult>;
}

const BENCHES: ReadonlyMap<string, Bench> = new Map([
  ['intake', { about: 'requests acknowledged, beside storing nothing and beside BullMQ', measure: measureIntake }],
  [
    'drain',
    { about: 'a backlog delivered, beside a job and a call each and beside a bare loop', measure: measureDrain },
  ],
  ['redis', { about: 'time and memory that an activity costs Redis, beside a BullMQ job', measure: measureRedis }],
]);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXIT_USAGE = 2;

const OTHERS = readdirSync(HERE).filter((name) => existsSync(`${HERE}${name}/main.ts`));
const NAMES = [...BENCHES.keys(), ...OTHERS];

const USAGE = `npm run bench [-- NAME ...] [--quick] [--patient] [--keep]

${[...BENCHES].map(([name, { about }]) => `  ${name.padEnd(10)}${about}`).join('\n')}
${OTHERS.map((name) => `  ${name.padEnd(10)}bench/${name}/main.ts, with a table of its own`).join('\n')}

Without names: all. --quick: everything once, within three minutes, to see that it works; its figures say little.
--patient: on a machine that others use too, waits for them and measures again what they disturbed; takes its time.
--keep: leaves medians and ratios in bench/results/kept, to be committed.`;

async function main(): Promise<void> {
  const asked = readArguments();
  if (typeof asked === 'string') return leave(asked, EXIT_USAGE);
  if (asked.help) return leave(USAGE, 0);
  await measure(asked);
  for (const name of asked.names.filter((one) => OTHERS.includes(one))) runOther(name, asked);
}

interface Asked {
  readonly names: readonly string[];
  /** No names were given: what takes minutes alone is cut short. */
  readonly all: boolean;
  readonly quick: boolean;
  readonly keep: boolean;
  readonly patient: boolean;
  readonly help: boolean;
}

function readArguments(): Asked | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        patient: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
    const unknown = positionals.filter((name) => !NAMES.includes(name));
    if (unknown.length > 0) return `There is no bench "${unknown[0]}"; there are ${NAMES.join(', ')}.`;
    const all = positionals.length === 0;
    return { ...values, all, names: all ? NAMES : positionals };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${USAGE}`;
  }
}

async function measure({ names, quick, keep, patient }: Asked): Promise<void> {
  const chosen = [...BENCHES].filter(([name]) => names.includes(name));
  if (chosen.length === 0) return;
  const begunMs = performance.now();
  const machine = describeMachine(ROOT);
  const results: BenchResult[] = [];
  for (const [, bench] of chosen) results.push(await bench.measure({ quick, patient, say }));
  const report = {
    machine,
    quick,
    patient,
    redisVersion: results[0]!.redisVersion,
    rows: results.flatMap(({ rows }) => rows),
    loadAtEnd: loadavg()[0] ?? 0,
    seconds: (performance.now() - begunMs) / 1000,
  };
  process.stdout.write(renderReport(report));
  for (const path of keepResults(ROOT, report, keep)) say(`written: ${path}`);
}

function runOther(name: string, { quick, all }: Asked): void {
  say(name);
  const pace = quick ? ['--quick'] : all ? ['--brief'] : [];
  const args = [`${HERE}${name}/main.ts`, ...pace];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: ROOT });
  if (status !== 0) process.exitCode = 1;
}

function leave(text: string, exitCode: number): void {
  (exitCode === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exitCode = exitCode;
}

await main();
