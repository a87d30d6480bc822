/*
  The last hour as all consoles share it, in the store: a sample each half minute, by whichever console comes first. One that
  starts begins with it, so a restart leaves no hole and two consoles show the same hour. What it cannot read it leaves out.
*/
import type { ActivityStore, ConnectionView } from '@sluice/core';
import { type Counters, SERIES, sampleOf } from './history.ts';

export interface FleetSample {
  readonly atMs: number;
  /** In the order of SERIES; null: not known then. */
  readonly of: ReadonlyMap<string, readonly (number | null)[]>;
  /** What the next sample's rates are counted from; absent: not told. */
  readonly counters: ReadonlyMap<string, Counters>;
}

export interface SharedHistory {
  /** Oldest first. */
  read(): Promise<readonly FleetSample[]>;
  /** Keeps a sample when one is due and no other console has. */
  keep(reading: { readonly nowMs: number; readonly views: readonly ConnectionView[] }): Promise<void>;
}

const EVERY_MS = 30_000;
/** Ticks do not come to the millisecond: a little less than EVERY_MS, so that none is left out for having come early. */
const APART_MS = 25_000;
const PAGES_MAX = 100;
const COUNTERS = ['appended', 'delivered', 'calls'] as const;

export function openSharedHistory(store: Pick<ActivityStore, 'keepFleetSample' | 'fleetSamples'>): SharedHistory {
  let last = new Map<string, Counters>();
  let lastMs = Number.NEGATIVE_INFINITY;

  async function read(): Promise<readonly FleetSample[]> {
    const texts: string[] = [];
    for (let page = 0; page < PAGES_MAX; page++) {
      const more = await store.fleetSamples(texts.length);
      if (more.length === 0) break;
      texts.push(...more);
    }
    return texts.map(readSample).filter((sample) => sample !== null);
  }

  async function keep({ nowMs, views }: Parameters<SharedHistory['keep']>[0]): Promise<void> {
    if (nowMs >= lastMs && nowMs - lastMs < EVERY_MS) return;
    lastMs = nowMs;
    const samples = views.map((view) => {
      const shown = sampleOf(view, last.get(view.connectionId) ?? null);
      return [view.connectionId, [...shown, ...COUNTERS.map((name) => view[name])]] as const;
    });
    last = new Map(views.map((view) => [view.connectionId, view]));
    await store.keepFleetSample({ text: writeSample(nowMs, samples), apartMs: APART_MS });
  }

  return { read, keep };
}

/** The values stand in the order of the columns, which it names: a console of another version may have others. */
function writeSample(atMs: number, samples: readonly (readonly [string, readonly number[]])[]): string {
  const rounded = samples.map(([id, values]) => [id, values.map((value) => Math.round(value * 100) / 100)] as const);
  return JSON.stringify({ at: atMs, series: [...SERIES, ...COUNTERS], of: Object.fromEntries(rounded) });
}

function readSample(text: string): FleetSample | null {
  try {
    const { at, series, of } = JSON.parse(text) as {
      readonly at: number;
      readonly series: readonly string[];
      readonly of: Readonly<Record<string, readonly (number | null)[]>>;
    };
    if (!Number.isFinite(at)) return null;
    const column = (values: readonly (number | null)[], name: string) => values[series.indexOf(name)] ?? null;
    const samples = new Map<string, readonly (number | null)[]>();
    const counters = new Map<string, Counters>();
    for (const [id, values] of Object.entries(of)) {
      samples.set(
        id,
        SERIES.map((name) => column(values, name)),
      );
      const [appended, delivered, calls] = COUNTERS.map((name) => column(values, name));
      if (appended != null && delivered != null && calls != null)
        counters.set(id, { nowMs: at, appended, delivered, calls });
    }
    return { atMs: at, of: samples, counters };
  } catch {
    return null;
  }
}
