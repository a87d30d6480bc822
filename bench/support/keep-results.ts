/*
  Where results go. Each run leaves everything in bench/results/<commit>.json, which git ignores; --keep leaves the small
  part, medians and ratios, in bench/results/kept/<commit>.json, which is to be committed.
*/
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Compared, Figure } from './row.ts';
import type { Report } from './table.ts';

/** Answers the paths, from the root. */
export function keepResults(root: string, report: Report, keep: boolean): string[] {
  const file = `${report.machine.commit}${report.quick ? '-quick' : ''}.json`;
  const paths = [write(root, join('bench', 'results', file), report)];
  if (keep) paths.push(write(root, join('bench', 'results', 'kept', file), smallPartOf(report)));
  return paths;
}

function write(root: string, path: string, content: unknown): string {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), `${JSON.stringify(content, null, 1)}\n`);
  return path;
}

function smallPartOf({ machine, redisVersion, rows }: Report) {
  const short = ({ name, value, activities, cpuUs }: Figure) => ({
    name,
    value: round(value.median),
    ...(activities !== null && { activities: round(activities.median) }),
    ...(cpuUs !== null && { cpuUs: round(cpuUs) }),
  });
  const compared = (one: Compared) => ({
    ...short(one),
    ratio: [one.ratio.median, one.ratio.min, one.ratio.max].map(round),
    ...(one.inverse && { inverse: true }),
  });
  return {
    machine,
    redisVersion,
    rows: rows.map(({ bench, name, unit, rounds, sluice, baselines }) => ({
      row: `${bench}: ${name}`,
      unit,
      rounds,
      sluice: short(sluice),
      baselines: baselines.map(compared),
    })),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
