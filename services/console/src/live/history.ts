/*
  The last hour of every connection, in this process's memory: a sample each five seconds, in columns of 32-bit numbers
  (23 MB for a thousand connections). It begins with what the consoles before it and beside it shared, and says since when
  it knows; what was not seen is a gap, not a zero.
*/
import type { ConnectionView } from '@sluice/core';
import type { FleetSample } from './shared-history.ts';

export const SAMPLE_EVERY_MS = 5000;
export const SAMPLES_MAX = 720;
const HOUR_MS = SAMPLE_EVERY_MS * SAMPLES_MAX;

export const SERIES = [
  'pending',
  'oldestSeconds',
  'appendedPerSecond',
  'deliveredPerSecond',
  'callsPerSecond',
  'quotaCallsPerSecond',
  'callsInFlight',
  'deadLetters',
] as const;
export type SeriesName = (typeof SERIES)[number];

export interface ConnectionHistory {
  /** When a console first looked, as far as this one knows; milliseconds since 1970, by the store's clock. */
  readonly sinceMs: number;
  readonly timesMs: readonly number[];
  /** As long as the times; null: not known then. */
  readonly series: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}

export interface History {
  /** Null: nothing was sampled yet. */
  of(connectionId: string): ConnectionHistory | null;
  /** What others saw before it: at the beginning, oldest first. */
  begin(samples: readonly FleetSample[], nowMs: number): void;
  /** Takes a sample when one is due. */
  add(reading: { readonly nowMs: number; readonly views: readonly ConnectionView[] }): void;
}

export type Counters = Pick<ConnectionView, 'nowMs' | 'appended' | 'delivered' | 'calls'>;

interface Columns {
  readonly values: Float32Array;
  last: Counters | null;
}

export function createHistory(): History {
  const times = new Float64Array(SAMPLES_MAX);
  const columns = new Map<string, Columns>();
  let taken = 0;
  let sinceMs: number | null = null;
  let lastMs = Number.NEGATIVE_INFINITY;

  function add({ nowMs, views }: { readonly nowMs: number; readonly views: readonly ConnectionView[] }): void {
    // A store's clock that was set back must not end the samples.
    if (nowMs >= lastMs && nowMs - lastMs < SAMPLE_EVERY_MS) return;
    sinceMs ??= nowMs;
    lastMs = nowMs;
    const at = taken % SAMPLES_MAX;
    times[at] = nowMs;
    taken += 1;
    const known = new Set(views.map((view) => view.connectionId));
    for (const id of columns.keys()) if (!known.has(id)) columns.delete(id);
    for (const view of views) {
      const own = columns.get(view.connectionId) ?? openColumns();
      columns.set(view.connectionId, own);
      own.values.set(sampleOf(view, own.last), at * SERIES.length);
      const { appended, delivered, calls } = view;
      own.last = { nowMs: view.nowMs, appended, delivered, calls };
    }
  }

  function begin(samples: readonly FleetSample[], nowMs: number): void {
    if (taken > 0) return;
    for (const { atMs, of: seen, counters } of samples) {
      if (atMs <= lastMs || atMs <= nowMs - HOUR_MS || atMs >= nowMs) continue;
      sinceMs ??= atMs;
      lastMs = atMs;
      const at = taken % SAMPLES_MAX;
      times[at] = atMs;
      taken += 1;
      for (const [connectionId, values] of seen) {
        const own = columns.get(connectionId) ?? openColumns();
        columns.set(connectionId, own);
        own.values.set(
          values.map((value) => value ?? Number.NaN),
          at * SERIES.length,
        );
        own.last = counters.get(connectionId) ?? null;
      }
    }
    // The next sample is taken at once, whenever the last one of others was.
    lastMs = Number.NEGATIVE_INFINITY;
  }

  function of(connectionId: string): ConnectionHistory | null {
    const own = columns.get(connectionId);
    if (own === undefined || sinceMs === null) return null;
    const newestMs = times[(taken - 1) % SAMPLES_MAX]!;
    const order = Array.from({ length: Math.min(taken, SAMPLES_MAX) }, (_, n) => {
      return (Math.max(0, taken - SAMPLES_MAX) + n) % SAMPLES_MAX;
    }).filter((at) => times[at]! > newestMs - HOUR_MS);
    const column = (series: number) => order.map((at) => orNull(own.values[at * SERIES.length + series]));
    return {
      sinceMs,
      timesMs: order.map((at) => times[at]!),
      series: Object.fromEntries(SERIES.map((name, n) => [name, column(n)])) as unknown as ConnectionHistory['series'],
    };
  }

  return { begin, add, of };
}

function openColumns(): Columns {
  return { values: new Float32Array(SAMPLES_MAX * SERIES.length).fill(Number.NaN), last: null };
}

/** In the order of SERIES. */
export function sampleOf(view: ConnectionView, last: Counters | null): readonly number[] {
  const seconds = last === null ? 0 : (view.nowMs - last.nowMs) / 1000;
  const rate = (now: number, before: number) => (seconds > 0 ? Math.max(0, (now - before) / seconds) : Number.NaN);
  return [
    view.pending,
    view.oldestAcceptedMs === null ? 0 : (view.nowMs - view.oldestAcceptedMs) / 1000,
    rate(view.appended, last?.appended ?? 0),
    rate(view.delivered, last?.delivered ?? 0),
    rate(view.calls, last?.calls ?? 0),
    view.bucket === null ? Number.NaN : 1e6 / view.bucket.intervalUs,
    view.leases,
    view.deadLetters + view.parkedEntries,
  ];
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : Math.round(value * 100) / 100;
}
