/* The table, in Markdown, so that it can be pasted as it is. */
import type { CpuUse } from './cpu.ts';
import type { Machine } from './machine.ts';
import type { Compared, Figure, Row } from './row.ts';
import type { Spread } from './spread.ts';

const HEADINGS = ['row', 'side', 'figure', 'activities/s', 'ratio', 'goal', 'CPU µs an activity', 'processors busy'];

export interface Report {
  readonly machine: Machine;
  readonly redisVersion: string;
  readonly quick: boolean;
  readonly patient: boolean;
  readonly rows: readonly Row[];
  readonly loadAtEnd: number;
  readonly seconds: number;
}

export function renderReport(report: Report): string {
  return `${renderMachine(report)}\n\n${renderTable(report.rows)}\n`;
}

function renderMachine({ machine, redisVersion, quick, patient, loadAtEnd, seconds }: Report): string {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  return [
    `commit ${machine.commit}, ${machine.startedAt}, ${quick ? '--quick, ' : ''}${patient ? '--patient, ' : ''}${seconds.toFixed(0)} s`,
    `${machine.processors} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; load ${machine.load.toFixed(1)} at the start, ${loadAtEnd.toFixed(1)} at the end`,
    `Node ${machine.node}, Redis ${redisVersion}, ${packages.join(', ')}`,
  ].join('\n');
}

export function renderTable(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => [
    cellsOf(row, row.sluice, true),
    ...row.baselines.map((baseline) => cellsOf(row, baseline, false)),
  ]);
  return [HEADINGS, HEADINGS.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellsOf(row: Row, figure: Figure | Compared, first: boolean): string[] {
  return [
    first ? `${row.bench}: ${row.name}` : '',
    figure.name,
    `${showSpread(figure.value)} ${row.unit}`,
    figure.activities === null ? '' : showNumber(figure.activities.median),
    'ratio' in figure ? showRatio(figure) : '',
    'ratio' in figure ? (figure.goal ?? '') : '',
    figure.cpuUs === null ? '' : showNumber(figure.cpuUs),
    figure.cpu === null ? '' : showCpu(figure.cpu),
  ];
}

/** The median, and in parentheses the lowest and the highest round when there were several. */
function showSpread({ median, min, max }: Spread): string {
  return min === max ? showNumber(median) : `${showNumber(median)} (${showNumber(min)}–${showNumber(max)})`;
}

function showRatio({ ratio, inverse }: Compared): string {
  return `${inverse ? 'it ÷ Sluice' : 'Sluice ÷ it'} ${showSpread(ratio)}`;
}

/** Three digits are more than the noise leaves; thousands are kept whole so that columns can be compared by eye. */
function showNumber(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(value >= 100 ? 3 : 2)).toString();
}

function showCpu({ cores, others }: CpuUse): string {
  const named = Object.entries(cores).sort(([, a], [, b]) => b - a);
  const all = others === null ? named : [...named, ['others', others] as const];
  return all.map(([name, used]) => `${name} ${used.toFixed(2)}`).join(', ');
}
