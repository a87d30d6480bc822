/*
  Reads what happened, twice a second, while somebody watches; and not at all when nobody does. It never spends more than a
  tenth of its time on Redis: with many connections it looks less often, and what it then finds too much of is counted.
*/
import type { ConnectionView, TailCursor, TailReading, TailStore } from '@sluice/core';
import type { ShownConnection } from '../words/shown.ts';
import type { TailClients, TailTick } from './tail-clients.ts';
import { eventsOf, stateEvent, type TailEvent } from './tail-events.ts';

export interface TailWatchParts {
  readonly store: TailStore;
  readonly clients: TailClients;
  /** All connections as of the last reading of the fleet; null: Redis does not answer. */
  readonly views: () => readonly ConnectionView[] | null;
  readonly show: (view: ConnectionView) => ShownConnection;
  readonly shardTagOf: (connectionId: string) => string;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

export interface TailWatch {
  /** Somebody came: looks, unless it does already. */
  begin(): void;
  stop(): void;
}

const TICK_MS_MIN = 500;
const TICK_MS_MAX = 10_000;
const READING_SHARE = 1 / 10;
/** Longer than any tick, and over soon after the last look. */
const LISTEN_MS = 30_000;
const READ_MAX = 200;
const READ_AT_ONCE = 50;

interface Memory {
  readonly cursors: Map<string, TailCursor>;
  readonly states: Map<string, string>;
}

export function watchTail({ clients, clock, ...parts }: TailWatchParts): TailWatch {
  let memory: Memory = { cursors: new Map(), states: new Map() };
  let timer: NodeJS.Timeout | null = null;
  let running = false;
  let stopped = false;

  async function tick(): Promise<void> {
    const begun = clock();
    let told: TailTick;
    try {
      told = await readTick(parts, clients, memory);
    } catch {
      told = { events: [], leftOut: new Map(), away: true };
    }
    if (stopped) return;
    clients.send(told);
    if (clients.size() === 0) {
      // Whoever comes next begins with what happens then.
      memory = { cursors: new Map(), states: new Map() };
      running = false;
      return;
    }
    const tookMs = clock() - begun;
    timer = setTimeout(() => void tick(), Math.min(TICK_MS_MAX, Math.max(TICK_MS_MIN, tookMs / READING_SHARE)));
  }

  return {
    begin: () => {
      if (running || stopped) return;
      running = true;
      void tick();
    },
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function readTick(
  { store, views, show, shardTagOf }: Omit<TailWatchParts, 'clients' | 'clock'>,
  clients: TailClients,
  { cursors, states }: Memory,
): Promise<TailTick> {
  const known = views();
  if (known === null) throw new Error('Redis does not answer');
  const filters = clients.filters();
  const all = filters.some(({ connectionId }) => connectionId === null);
  const named = filters.flatMap(({ connectionId }) => connectionId ?? []);
  const ids = [...new Set([...named, ...(all ? known.map(({ connectionId }) => connectionId) : [])])];
  const events: TailEvent[] = [];
  const leftOut = new Map<string, number>();
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const some = ids.slice(from, from + READ_AT_ONCE);
    const read = await Promise.all(some.map((connectionId) => read1(store, connectionId, cursors)));
    read.forEach((reading, n) => {
      if (reading === null) return;
      const connectionId = some[n]!;
      events.push(...eventsOf(connectionId, reading, shardTagOf(connectionId)));
      const missed = reading.callsLeftOut + reading.entriesLeftOut;
      if (missed > 0) leftOut.set(connectionId, missed);
    });
  }
  for (const view of known) {
    const event = stateEvent(show(view), states.get(view.connectionId), view.nowMs);
    states.set(view.connectionId, view.state);
    if (event !== null) events.push(event);
  }
  return { events: events.sort((a, b) => a.atMs - b.atMs), leftOut, away: false };
}

async function read1(
  store: TailStore,
  connectionId: string,
  cursors: Map<string, TailCursor>,
): Promise<TailReading | null> {
  const after = cursors.get(connectionId) ?? null;
  const reading = await store.tail({ connectionId, after, most: READ_MAX, listenMs: LISTEN_MS });
  if (reading !== null) cursors.set(connectionId, reading.cursor);
  return reading;
}
