/*
  Reads every connection once a tick, for everybody: rates, history, the live page and its clients all come from this one
  reading. A tick comes after a second at the earliest, and later when reading takes long: it never spends more than a
  twentieth of its time on Redis.
*/
import { type ActivityStore, type ConnectionView, type TenantQuota, WORKER_ALIVE_MS } from '@sluice/core';
import { createHistory, type History } from './history.ts';
import { createRateBook, type RateBook } from './rate-book.ts';
import { openSharedHistory } from './shared-history.ts';

/** All connections as of one moment. */
export interface FleetReading {
  /** By the store's clock. */
  readonly nowMs: number;
  /** Sorted by id. */
  readonly views: readonly ConnectionView[];
  /** How many there are; those beyond CONNECTIONS_MAX are not read. */
  readonly total: number;
  /** How many workers said lately that they are there. */
  readonly workers: number;
  /** The limits above connections, by Sluice's name of the tenant. */
  readonly tenants: readonly { readonly tenant: string; readonly quota: TenantQuota }[];
}

export interface FleetWatch {
  /** The last reading; null: there was none yet. */
  latest(): FleetReading | null;
  /** Since when Redis does not answer, by this process's clock; null: it answers. */
  awaySinceMs(): number | null;
  readonly rates: Pick<RateBook, 'of'>;
  readonly history: Pick<History, 'of'>;
  /** Called after each tick, whether it could read or not; answers how to stop that. */
  onTick(listener: () => void): () => void;
  stop(): void;
}

export interface FleetWatchParts {
  readonly store: Pick<
    ActivityStore,
    'connections' | 'connectionIds' | 'tenantQuota' | 'workers' | 'keepFleetSample' | 'fleetSamples'
  >;
  readonly tenants: readonly string[];
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const TICK_MS_MIN = 1000;
const TICK_MS_MAX = 10_000;
/** Of a tick at most this part is spent reading. */
const READING_SHARE = 1 / 20;
/** As many as SLUICE_CONNECTIONS_MAX allows by default. */
export const CONNECTIONS_MAX = 1000;
const TENANTS_MAX = 100;

export function watchFleet({ store, tenants, clock }: FleetWatchParts): FleetWatch {
  const rates = createRateBook();
  const history = createHistory();
  const shared = openSharedHistory(store);
  let begun = false;
  const listeners = new Set<() => void>();
  let reading: FleetReading | null = null;
  let awaySinceMs: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function read(): Promise<boolean> {
    try {
      const now = await readFleet(store, tenants);
      // What others saw is good to have: the first reading waits for it, and goes without where it cannot be read.
      if (!begun) history.begin(await shared.read().catch(() => []), now.nowMs);
      begun = true;
      reading = now;
      awaySinceMs = null;
      rates.add(reading.views);
      history.add(reading);
      // A Redis that is full takes none: the charts of a console that starts later have a gap, and nothing else.
      void shared.keep(reading).catch(() => {});
      return true;
    } catch {
      awaySinceMs ??= clock();
      // Counters before and after an absence make no rate.
      rates.clear();
      return false;
    }
  }

  async function tick(): Promise<void> {
    const begun = performance.now();
    const didRead = await read();
    if (stopped) return;
    for (const listener of listeners) listener();
    // A Redis that does not answer is spared nothing by asking it less, and is to be seen again soon.
    const tookMs = didRead ? performance.now() - begun : 0;
    timer = setTimeout(() => void tick(), Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, tookMs / READING_SHARE)));
  }

  void tick();
  return {
    latest: () => reading,
    awaySinceMs: () => awaySinceMs,
    rates,
    history,
    onTick: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function readFleet(store: FleetWatchParts['store'], names: readonly string[]): Promise<FleetReading> {
  const ids = [...(await store.connectionIds())].sort();
  const views = await store.connections(ids.slice(0, CONNECTIONS_MAX));
  const tenants = await Promise.all(
    names.slice(0, TENANTS_MAX).map(async (tenant) => ({ tenant, quota: await store.tenantQuota(tenant) })),
  );
  const seen = await store.workers();
  const workers = seen.workers.filter(({ seenMs }) => seen.nowMs - seenMs < WORKER_ALIVE_MS).length;
  return { nowMs: views.at(-1)?.nowMs ?? seen.nowMs, views, total: ids.length, workers, tenants };
}
