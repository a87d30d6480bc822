/*
  How full the calls are, and how old the activities get: Sluice's own scripts on a real Redis with a simulated clock, beside
  other ways to choose. Then what a script costs as the backlog grows, by Redis's own clock.
    npm run bench -- fill [--quick]      or      node bench/fill/main.ts [--quick] [--seeds=N] [--costs] [--help]
  Simulated time is the same on every machine: exits 1 when one of its bars is missed. The costs are not, and only reported.
*/
import { parseArgs } from 'node:util';
import { startRedis } from '@sluice/testing';
import { type Measured, SLOWEST_OVER_MS, type Window } from '../../packages/store/test/fill/measure-run.ts';
import { SHAPES, type Shape } from '../../packages/store/test/fill/shapes.ts';
import { say } from '../support/progress.ts';
import type { Spread } from '../support/spread.ts';
import { type Compared, compareContenders } from './compare-contenders.ts';
import { judgeBars, judgeCosts, type Verdict } from './judge-bars.ts';
import { type Costs, FEW_ITEMS, ITEM_ENTRIES, MANY_ITEMS, measureCosts, SLOW_US } from './measure-costs.ts';

const USAGE = `npm run bench -- fill [--quick]      or      node bench/fill/main.ts [--quick] [--seeds=N] [--costs] [--help]

  --quick    a minute of simulated time for each shape, no bars and no costs: to see that it works
  --seeds=N  arrivals from seeds 1 to N for Sluice; a bar has to hold in each (default 1)
  --costs    only what the scripts cost`;

const QUICK = { firstMs: 60_000 - SLOWEST_OVER_MS, endMs: 60_000 };
const HEADINGS = ['', 'delivered/s', 'then', 'mean fill', 'p50 age, s', 'p99', 'oldest'];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    // Given when everything is run; a minute and a half is brief.
    brief: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    costs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  },
});
const seeds = Number(values.seeds);
if (values.help) print(USAGE);
else if (values.costs) showCosts(await measureCosts(say));
else if (Number.isInteger(seeds) && seeds >= 1 && seeds <= 100) await main(values.quick, seeds);
else {
  process.stderr.write(`--seeds is "${values.seeds}"; it must be a whole number from 1 to 100.\n`);
  process.exitCode = 2;
}

async function main(quick: boolean, seeds: number): Promise<void> {
  const missed = await compareShapes(
    quick,
    Array.from({ length: seeds }, (_, n) => n + 1),
  );
  if (!quick) showCosts(await measureCosts(say));
  if (missed > 0) process.exitCode = 1;
}

/** Answers how many bars were missed. */
async function compareShapes(quick: boolean, seeds: readonly number[]): Promise<number> {
  const redis = await startRedis();
  let missed = 0;
  try {
    print(
      '25 calls/s of 20 entries at most, linger 1 s, age bound 60 s. From empty; "then" is what follows the first window.',
    );
    for (const full of SHAPES) {
      const shape = quick
        ? { ...full, ...QUICK, bursts: full.bursts.map((b) => ({ ...b, atMs: QUICK.firstMs })) }
        : full;
      const startedMs = performance.now();
      const compared = await compareContenders({ shape, seeds, redis });
      showShape(shape, compared);
      if (!quick) missed += showVerdicts(judgeBars(shape, compared));
      say(`${shape.name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    }
  } finally {
    await redis.stop();
  }
  return missed;
}

function showShape(shape: Shape, { sluice, alternatives }: Compared): void {
  const seconds = `${shape.firstMs / 1000} s, then ${(shape.endMs - shape.firstMs) / 1000} s`;
  print(`\n**${shape.name}**: ${shape.about} (${seconds})\n`);
  print(line([...HEADINGS, `of ${shape.watched.name}`]));
  print(line(Array.from({ length: HEADINGS.length + 1 }, () => '---')));
  for (const [seed, measured] of sluice)
    showRow(sluice.size === 1 ? '**Sluice**' : `**Sluice**, seed ${seed}`, measured);
  for (const [name, measured] of alternatives) showRow(name, measured);
}

function showRow(name: string, { first, settled }: Measured): void {
  const ages = (['ageP50', 'ageP99', 'ageMax', 'watchedAgeMax'] as const satisfies (keyof Window)[]).map(
    (age) => settled[age],
  );
  const figures = [first.deliveredPerSecond, settled.deliveredPerSecond, settled.meanFill, ...ages];
  print(line([name, ...figures.map((figure) => (Number.isNaN(figure) ? '–' : figure.toFixed(1)))]));
}

/** Answers how many were missed. */
function showVerdicts(verdicts: readonly Verdict[]): number {
  print('');
  for (const { bar, found, reached } of verdicts) {
    const said =
      reached === null ? 'cannot be told, others used the processor' : reached ? 'reached' : '**not reached**';
    print(`- ${bar}. Found ${found}: ${said}.`);
  }
  return verdicts.filter(({ reached }) => reached === false).length;
}

function showCosts(costs: Costs): void {
  const [few, many] = [FEW_ITEMS, MANY_ITEMS].map((items) => items.toLocaleString('en'));
  print(
    `\n**What a run of a script costs Redis**, items of ${ITEM_ENTRIES} entries each: median (lowest–highest) of the rounds\n`,
  );
  print(line(['', `µs at ${few} items`, `µs at ${many} items`, 'ratio']));
  print(line(['---', '---', '---', '---']));
  for (const { name, few, many, ratio } of costs.scripts) {
    print(line([name, showSpread(few), showSpread(many), ratio.median.toFixed(2)]));
  }
  const slowest = costs.slowest.map(({ script, us }) => `${script} ${(us / 1000).toFixed(1)} ms`);
  print(`\nSlowest single runs, filling included: ${slowest.join(', ') || `none took ${SLOW_US} µs`}.`);
  if (costs.keptWaitingMs !== null) {
    print(
      `Others kept the servers waiting for a processor for ${costs.keptWaitingMs.toFixed(0)} ms; that is in these times.`,
    );
  }
  showVerdicts(judgeCosts(costs));
}

function showSpread({ median, min, max }: Spread): string {
  const digits = median < 1000 ? 1 : 0;
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
