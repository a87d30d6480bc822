/* Other ways to choose what a call carries, written as a competent user would write them. They keep the rule of the pairs, too. */
import { CALL_ENTRIES_MAX } from '@sluice/core';
import { CALL_INTERVAL_MS, type Entry, LINGER_MS } from '../../packages/store/test/fill/shapes.ts';
import type { Call, Contender } from '../../packages/store/test/fill/simulate-calls.ts';

/** What an alternative decides itself; the quota is the same for all. */
interface Choice {
  append(atMs: number, entries: readonly Entry[]): void;
  /** The entries of a call, or when there may be some; null: not before more come. */
  choose(atMs: number): readonly Entry[] | { readonly untilMs: number | null };
  settle?(call: Call): void;
}

/** As much lateness as the store makes up for: no more would be a burst. */
const LATENESS_MS = 20;

function paced({ append, choose, settle }: Choice): Contender {
  let nextCallMs = 0;
  return {
    append: async (atMs, entries) => {
      append(atMs, entries);
      return atMs;
    },
    take: async (atMs) => {
      if (atMs < nextCallMs) return { untilMs: nextCallMs };
      const chosen = choose(atMs);
      if ('untilMs' in chosen) return chosen;
      nextCallMs = Math.max(nextCallMs, atMs - LATENESS_MS) + CALL_INTERVAL_MS;
      return { entries: chosen };
    },
    settle: async (atMs, call) => {
      settle?.(call);
      return atMs;
    },
    close: async () => {},
  };
}

interface OpenBatch {
  readonly item: string;
  readonly openedMs: number;
  readonly entries: Entry[];
  readonly pairs: Set<number>;
  closed: boolean;
}

/** Each item's batch is closed a linger after its first entry, or when it is full; closed batches wait their turn. */
export function timerClosed(lingerMs: number): Contender {
  const open = new Map<string, OpenBatch>();
  const timers: OpenBatch[] = [];
  const queue: OpenBatch[] = [];
  let served = 0;
  const close = (batch: OpenBatch) => {
    batch.closed = true;
    open.delete(batch.item);
    queue.push(batch);
  };
  const ring = (atMs: number) => {
    for (let first = timers[0]; first && (first.closed || first.openedMs + lingerMs <= atMs); first = timers[0]) {
      timers.shift();
      if (!first.closed) close(first);
    }
  };

  function add(atMs: number, entry: Entry): void {
    let batch = open.get(entry.item);
    if (batch?.pairs.has(entry.pair)) {
      close(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { item: entry.item, openedMs: atMs, entries: [], pairs: new Set(), closed: false };
      open.set(entry.item, batch);
      timers.push(batch);
    }
    batch.entries.push(entry);
    batch.pairs.add(entry.pair);
    if (batch.entries.length === CALL_ENTRIES_MAX) close(batch);
  }

  return paced({
    append: (atMs, entries) => {
      ring(atMs);
      for (const entry of entries) add(atMs, entry);
    },
    choose: (atMs) => {
      ring(atMs);
      const batch = queue[served];
      if (batch !== undefined) {
        served += 1;
        return batch.entries;
      }
      return { untilMs: timers[0] === undefined ? null : timers[0].openedMs + lingerMs };
    },
  });
}

export interface LateBinding {
  readonly order: 'oldest' | 'fullest';
  /** No second call of an item while one is in flight. */
  readonly onePerItem?: boolean;
}

/** A call is filled when the quota grants it, from one of the items that are full or have lingered. Nothing bounds the age. */
export function lateBound({ order, onePerItem = false }: LateBinding): Contender {
  const items = new Map<string, Entry[]>();
  const busy = new Set<string>();
  const before = order === 'oldest' ? isOlder : isFuller;

  function choose(atMs: number) {
    let best: Entry[] | undefined;
    let untilMs: number | null = null;
    for (const [item, entries] of items) {
      if (busy.has(item)) continue;
      const readyMs = entries.length >= CALL_ENTRIES_MAX ? atMs : entries[0]!.arrivedMs + LINGER_MS;
      if (readyMs > atMs) untilMs = Math.min(untilMs ?? readyMs, readyMs);
      else if (best === undefined || before(entries, best)) best = entries;
    }
    return best === undefined ? { untilMs } : takeFrom(best);
  }

  function takeFrom(entries: Entry[]): readonly Entry[] {
    const { item } = entries[0]!;
    const pairs = new Set<number>();
    const taken: Entry[] = [];
    const passed: Entry[] = [];
    let read = 0;
    while (taken.length < CALL_ENTRIES_MAX && read < entries.length) {
      const entry = entries[read++]!;
      if (pairs.has(entry.pair)) passed.push(entry);
      else taken.push(entry);
      pairs.add(entry.pair);
    }
    entries.splice(0, read, ...passed);
    if (entries.length === 0) items.delete(item);
    if (onePerItem) busy.add(item);
    return taken;
  }

  return paced({
    append: (_atMs, entries) => {
      for (const entry of entries) {
        const waiting = items.get(entry.item);
        if (waiting === undefined) items.set(entry.item, [entry]);
        else waiting.push(entry);
      }
    },
    choose,
    settle: ({ entries }) => void busy.delete(entries[0]!.item),
  });
}

function isOlder(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a[0]!.arrivedMs < b[0]!.arrivedMs;
}

function isFuller(a: readonly Entry[], b: readonly Entry[]): boolean {
  const fuller = Math.min(a.length, CALL_ENTRIES_MAX) - Math.min(b.length, CALL_ENTRIES_MAX);
  return fuller > 0 || (fuller === 0 && isOlder(a, b));
}
