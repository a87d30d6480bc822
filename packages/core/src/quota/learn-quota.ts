/*
  The controller: looks at a bucket's window and decides the rate until the next look. Pure; run by whichever worker the
  bucket was handed to, and believed only under the bucket's version. It never shortens a closure.

  Modes, and how each is left:
    climb    x 1.5 every 1.2 s, until the first refusal (→ search) or the configured maximum (→ hold).
    search   halves the gap between the highest rate that held and the lowest that was refused, until the gap is 5 %
             (→ hold; the first probe narrows it down). Three runs that agree on one estimate end it at once (→ hold).
    hold     the learned quota, or the share of it that may be used. After a pause that the probe budget buys → probe.
             A late refusal lowers the rate a little; where the reserve leaves it in doubt by how much → search. An early
             one lowers it a little, the next early one → search. A rate that a probe proposed is on trial first: refused,
             it gives way to the rate before.
    probe    +1 %, +2 %, +4 % … on the held rate, until refused (→ hold, on trial) or 35 % above it (→ climb).

  What a refusal tells. A run is what lies between two closures. The limit was used up at its begin and at its end, so
  its calls ÷ (its seconds + the wait before it) is the limit, or less if the limit forgets unused calls meanwhile (small
  bursts, windows). The rate that was refused is more than the limit. How much room lies between the two is the *reserve*:
  the seconds' worth of calls that the limit lets through at once after a closure. It is not known in the beginning and
  bounded from what is seen (observe-window.ts): a long reserve makes a refusal late but exact, a short one early but plain.

  Only tested time counts: a rate that was not used is neither raised nor believed.
*/
import { advanceRate, RESERVE_MUTE_S } from './advance-rate.ts';
import { type Bucket, LATENESS_US, type Learning } from './bucket.ts';
import { observeWindow } from './observe-window.ts';
import { type Memory, parseMemory, startMemory, writeMemory } from './quota-memory.ts';
import { type QuotaSettings, RATE_MAX, RATE_MIN } from './quota-settings.ts';
import { retreatRate } from './retreat-rate.ts';

export type { QuotaSettings } from './quota-settings.ts';

const LATENESS_US_MAX = 100_000;

/** The interval of a bucket nobody has learned anything about yet. */
export function intervalInitialUs(settings: QuotaSettings): number {
  return Math.round(
    1e6 / (Math.min(settings.rateInitial, settings.rateMax ?? Number.POSITIVE_INFINITY) * settings.share),
  );
}

/** The controller: looks at the bucket's window and decides the rate until the next look. Pure. */
export function learnQuota(bucket: Bucket, settings: QuotaSettings, nowMs: number): Learning {
  const seen = observeWindow(parseMemory(bucket.memory) ?? startMemory(1e6 / bucket.intervalUs), bucket, nowMs);
  const next =
    bucket.refusal === null
      ? advanceRate(seen.memory, settings, seen.testedS)
      : retreatRate(seen.memory, settings, { ...bucket.refusal, rate: 1e6 / bucket.intervalUs });
  const rateMax = settings.rateMax ?? RATE_MAX;
  const memory: Memory = { ...next, rate: Math.min(rateMax, Math.max(RATE_MIN, next.rate)) };
  const used = memory.mode === 'hold' ? memory.rate * settings.share : memory.rate;
  const closedUntilMs = closeLonger(bucket);
  return {
    memory: writeMemory(memory),
    // Rounded up at the ceiling, because the configured maximum is to be kept exactly.
    intervalUs: Math.max(Math.round(1e6 / used), Math.ceil(1e6 / rateMax)),
    latenessUs: latenessOf(memory),
    learnAtMs: Math.ceil(Math.max(nowMs, bucket.closedUntilMs, closedUntilMs) + lookAgainMs(memory, used)),
    closedUntilMs,
  };
}

/**
 * A limit that was seen to let more than a moment's calls through at once takes late calls together as well: a quarter of that
 * is made up for. On a machine whose workers are stopped for up to 80 ms twice a second, this uses 98 % of buckets in place of 94.
 */
function latenessOf({ mode, probes, reserveS }: Memory): number {
  const seen = (mode === 'hold' || mode === 'probe') && probes > 0;
  if (!seen || reserveS <= RESERVE_MUTE_S) return LATENESS_US;
  return Math.round(Math.min(LATENESS_US_MAX, Math.max(LATENESS_US, (reserveS * 1e6) / 4)));
}

/**
 * How long until the next look: as long as a step lasts, but at least four calls, since fewer cannot be told from chance.
 * The looks of a search are closer together than its steps, which last as long as the gap demands.
 */
function lookAgainMs(memory: Memory, used: number): number {
  const stepMs = { climb: 1200, search: 700, hold: 2000, probe: 1200 }[memory.mode];
  return Math.max(stepMs, 4000 / used);
}

/**
 * Who is refused again at once, three times and more, waits longer than he was told: 250 ms, 500 ms, … 4 s. One or two
 * such refusals are the ordinary end of a whole-second wait.
 */
function closeLonger(bucket: Bucket): number {
  if (bucket.refusal === null || bucket.refusedInARow < 3) return 0;
  return bucket.refusal.atMs + Math.min(4000, 250 * 2 ** Math.min(5, bucket.refusedInARow - 3));
}
