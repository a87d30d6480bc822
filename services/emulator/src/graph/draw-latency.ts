/* How long an answer takes: evenly spread between two bounds, or log-normal, as the answers of services over a network are. */
import type { Latency } from '../behavior/behavior.ts';
import type { Random } from '../random.ts';

/** Of the standard normal distribution: one value in a hundred is above it. */
const Z_P99 = 2.3263;
/** A log-normal distribution has no end; what is beyond this is drawn in. */
const TAIL_MAX = 10;

export function drawLatency(latency: Latency, random: Random): number {
  if ('p50' in latency) return drawLogNormal(latency, random);
  const [min, max] = latency;
  return min + random() * (max - min);
}

/** What hardly any answer takes longer than. */
export function latencyMaxOf(latency: Latency): number {
  return 'p50' in latency ? latency.p99 : latency[1];
}

/** Median and 99th percentile are those that are named; Box and Muller's way to a normal value. */
function drawLogNormal({ p50, p99 }: { readonly p50: number; readonly p99: number }, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  if (p50 === 0) return 0;
  return Math.min(p99 * TAIL_MAX, p50 * (p99 / p50) ** (normal / Z_P99));
}
