/*
  The last hour as all consoles share it, in the store: a sample each half minute, by whichever console comes first. One that
  starts begins with it, so a restart leaves no hole and two consoles show the same hour. What it cannot read it leaves out.
*/
import type { ActivityStore, ConnectionView } from '@sluice/core';
import { type Counters, SERIES, type SeriesName, sampleOf } from './history.ts';

export interface FleetSample {
  readonly atMs: number;
  /** In the order of SERIES; null: not known then. */
  readonly of: ReadonlyMap<string, readonly (number | null)[]>;
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
    const samples = views.map(
      (view) => [view.connectionId, sampleOf(view, last.get(view.connectionId) ?? null)] as const,
    );
    last = new Map(views.map((view) => [view.connectionId, view]));
    await store.keepFleetSample({ text: writeSample(nowMs, samples), apartMs: APART_MS });
  }

  return { read, keep };
}

/** It names its columns: a console of another version may have others. */
function writeSample(atMs: number, samples: readonly (readonly [string, readonly number[]])[]): string {
  const rounded = samples.map(([id, values]) => [id, values.map((value) => Math.round(value * 100) / 100)] as const);
  return JSON.stringify({ at: atMs, series: SERIES, of: Object.fromEntries(rounded) });
}

function readSample(text: string): FleetSample | null {
  try {
    const { at, series, of } = JSON.parse(text) as {
      at: number;
      series: readonly SeriesName[];
      of: Record<string, unknown>;
    };
    const places = SERIES.map((name) => series.indexOf(name));
    const samples = Object.entries(of).map(([id, values]) => {
      const list = values as readonly (number | null)[];
      return [id, places.map((place) => list[place] ?? null)] as const;
    });
    return Number.isFinite(at) ? { atMs: at, of: new Map(samples) } : null;
  } catch {
    return null;
  }
}
