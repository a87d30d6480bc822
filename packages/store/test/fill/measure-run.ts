/* What became of a run: how much was delivered, how full the calls were, how old the activities. */
import type { Shape } from './shapes.ts';
import type { Run } from './simulate-calls.ts';

export interface Window {
  readonly deliveredPerSecond: number;
  readonly callsPerSecond: number;
  readonly meanFill: number;
  /** From acceptance to delivery, seconds. */
  readonly ageP50: number;
  readonly ageP99: number;
  /** What was still waiting at the end of the window counts as well. */
  readonly ageMax: number;
  readonly watchedAgeMax: number;
}

export interface Measured {
  readonly first: Window;
  readonly settled: Window;
  /** Delivered a second of the watched items in the slowest 40 s of the settled window. */
  readonly watchedSlowest: number;
}

export const SLOWEST_OVER_MS = 40_000;

export function measureRun(shape: Shape, run: Run): Measured {
  return {
    first: measureWindow(shape, run, 0, shape.firstMs),
    settled: measureWindow(shape, run, shape.firstMs, shape.endMs),
    watchedSlowest: slowestOf(shape, run),
  };
}

function measureWindow({ watched }: Shape, { arrived, deliveredMs, calls }: Run, fromMs: number, toMs: number): Window {
  const ages: number[] = [];
  let [oldestMs, oldestWatchedMs] = [0, 0];
  for (const { number, item, arrivedMs } of arrived) {
    const endMs = deliveredMs[number]!;
    if (endMs < fromMs || arrivedMs >= toMs) continue;
    const ageMs = Math.min(endMs, toMs) - arrivedMs;
    if (endMs < toMs) ages.push(ageMs);
    oldestMs = Math.max(oldestMs, ageMs);
    if (watched.has(item)) oldestWatchedMs = Math.max(oldestWatchedMs, ageMs);
  }
  ages.sort((a, b) => a - b);
  const made = calls.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  const seconds = (toMs - fromMs) / 1000;
  return {
    deliveredPerSecond: ages.length / seconds,
    callsPerSecond: made.length / seconds,
    meanFill: made.reduce((sum, { entries }) => sum + entries, 0) / made.length,
    ageP50: quantile(ages, 0.5) / 1000,
    ageP99: quantile(ages, 0.99) / 1000,
    ageMax: oldestMs / 1000,
    watchedAgeMax: oldestWatchedMs / 1000,
  };
}

function slowestOf({ watched, firstMs, endMs }: Shape, { arrived, deliveredMs }: Run): number {
  const stretches = new Array<number>(Math.floor((endMs - firstMs) / SLOWEST_OVER_MS)).fill(0);
  for (const { number, item } of arrived) {
    const stretch = Math.floor((deliveredMs[number]! - firstMs) / SLOWEST_OVER_MS);
    if (watched.has(item) && stretch >= 0 && stretch < stretches.length) stretches[stretch]! += 1;
  }
  return Math.min(...stretches) / (SLOWEST_OVER_MS / 1000);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
