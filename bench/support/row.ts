/* A row of the table: Sluice's figure and those of its baselines, from rounds that took turns. */
import { type CpuUse, meanCpu } from './cpu.ts';
import { ratioOf, type Spread, spreadOf } from './spread.ts';

export interface BenchOptions {
  readonly quick: boolean;
  /** Waits for a quiet machine, and plays disturbed rounds again. */
  readonly patient: boolean;
  readonly say: (text: string) => void;
}

/** What a bench gives back. */
export interface BenchResult {
  readonly rows: readonly Row[];
  readonly redisVersion: string;
}

/** One round of one side. */
export interface Sample {
  /** Requests or calls a second, microseconds an activity, bytes an entry: what the row's unit says. */
  readonly value: number;
  /** Activities a second, where one request or call carries several. */
  readonly activities: number | null;
  readonly cpu: CpuUse | null;
}

export interface Samples {
  readonly name: string;
  readonly samples: readonly Sample[];
}

export interface BaselineSamples extends Samples {
  readonly compared: 'value' | 'activities';
  /** What the ratio is to reach. */
  readonly goal: string | null;
  /** It ÷ Sluice instead of Sluice ÷ it: for Sluice itself under other conditions. */
  readonly inverse?: boolean;
}

export interface Figure {
  readonly name: string;
  readonly value: Spread;
  readonly activities: Spread | null;
  /** Mean of the rounds. */
  readonly cpu: CpuUse | null;
  /** Microseconds of processor an activity, of the side's own processes and Redis. It hardly moves when the machine is shared. */
  readonly cpuUs: number | null;
}

export interface Compared extends Figure {
  readonly ratio: Spread;
  readonly inverse: boolean;
  readonly goal: string | null;
}

export interface Row {
  readonly bench: string;
  readonly name: string;
  readonly unit: string;
  readonly rounds: number;
  readonly sluice: Figure;
  readonly baselines: readonly Compared[];
}

export interface RowParts {
  readonly bench: string;
  readonly name: string;
  readonly unit: string;
  readonly sluice: Samples;
  readonly baselines: readonly BaselineSamples[];
}

export function makeRow({ bench, name, unit, sluice, baselines }: RowParts): Row {
  return {
    bench,
    name,
    unit,
    rounds: sluice.samples.length,
    sluice: figureOf(sluice),
    baselines: baselines.map((baseline) => compare(baseline, sluice.samples)),
  };
}

function compare(baseline: BaselineSamples, ours: readonly Sample[]): Compared {
  const { samples: theirs, compared, goal, inverse = false } = baseline;
  const pick = (sample: Sample) => (compared === 'value' ? sample.value : (sample.activities ?? Number.NaN));
  const [upper, lower] = inverse ? [theirs, ours] : [ours, theirs];
  return { ...figureOf(baseline), ratio: ratioOf(upper.map(pick), lower.map(pick)), inverse, goal };
}

function figureOf({ name, samples }: Samples): Figure {
  const activities = samples.flatMap((sample) => sample.activities ?? []);
  const costs = samples.flatMap((sample) => cpuUsOf(sample) ?? []);
  return {
    name,
    value: spreadOf(samples.map((sample) => sample.value)),
    activities: activities.length === 0 ? null : spreadOf(activities),
    cpu: meanCpu(samples.flatMap((sample) => sample.cpu ?? [])),
    cpuUs: costs.length === 0 ? null : spreadOf(costs).median,
  };
}

/** The other ends of the line are no cost of the side. */
const OTHER_ENDS = new Set(['client', 'Graph']);

function cpuUsOf({ cpu, activities }: Sample): number | null {
  if (cpu === null || cpu.others === null || activities === null) return null;
  const own = Object.entries(cpu.cores).filter(([name]) => !OTHER_ENDS.has(name));
  return (own.reduce((sum, [, cores]) => sum + cores, 0) / activities) * 1e6;
}
