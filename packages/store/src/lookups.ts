/* What operators look up: the port's requests as script arguments, their replies as its results. */
import {
  ITEM_ENTRIES_SHOWN,
  ITEMS_LOOKED_AT,
  type ItemsView,
  type ItemView,
  type LookupStore,
  RETRIES_LOOKED_AT,
  type SettledCall,
  type SettleRequest,
  type UnknownCall,
  type WaitingItem,
} from '@sluice/core';
import type { RunScript } from './client.ts';

/** Everything of a call but its lease, as it lies in the stream. */
type Told = Omit<SettledCall, 'leaseId' | 'atMs' | 'stale'>;

export function redisLookups(run: RunScript, keyOf: (connectionId: string) => string): LookupStore {
  return {
    settledCalls: async (connectionId, which, callsMax) => {
      const stream = which === 'all' ? 'calls' : 'errors';
      const fields = (await run('settled-calls', [keyOf(connectionId)], [stream, callsMax])) as readonly string[];
      return inGroups(fields, 4).map(readCall);
    },
    unknownCalls: async (connectionId, beforeId, callsMax) => {
      const fields = await run('unknown-calls', [keyOf(connectionId)], [beforeId ?? '', callsMax]);
      return inGroups(fields as readonly string[], 6).map(readUnknown);
    },
    items: async (connectionId, itemsMax) =>
      readItems(await run('items', [keyOf(connectionId)], [itemsMax, ITEMS_LOOKED_AT]), itemsMax),
    item: async (connectionId, itemId) =>
      readItem(await run('item', [keyOf(connectionId)], [itemId, ITEM_ENTRIES_SHOWN, RETRIES_LOOKED_AT])),
  };
}

function readUnknown([id, leaseId, itemId, entries, reason, at]: readonly string[]): UnknownCall {
  return {
    id: id!,
    leaseId: leaseId!,
    itemId: itemId === '' ? null : itemId!,
    entries: Number(entries),
    reason: reason!,
    atMs: at === '' ? null : Number(at),
  };
}

/** As the settle script keeps it: item, whether everything was delivered, and the rest for people. */
export function toldArguments({ told, settlement }: SettleRequest): readonly (string | number)[] {
  if (told === undefined) return ['', '', 0];
  const counts = countKinds(settlement.entries);
  const { itemId, status, requestId, reason, durationMs } = told;
  const text: Told = { itemId, status, requestId, reason, durationMs, ...counts };
  return [itemId, JSON.stringify(text), counts.delivered === settlement.entries.length ? 0 : 1];
}

export function countKinds(
  entries: SettleRequest['settlement']['entries'],
): Pick<SettledCall, 'delivered' | 'retried' | 'dead' | 'parked'> {
  const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
  return { delivered: count('ack'), retried: count('requeue'), dead: count('deadLetter'), parked: count('park') };
}

export function readCall([leaseId, at, stale, told]: readonly string[]): SettledCall {
  return { leaseId: leaseId!, atMs: Number(at), stale: stale === '1', ...(JSON.parse(told!) as Told) };
}

function readItems(reply: unknown, itemsMax: number): ItemsView {
  const [nowMs, items, fullest, oldest] = reply as readonly [number, number, readonly string[], readonly string[]];
  return {
    nowMs,
    items,
    fullest: readWaiting(fullest).toSorted(byEntries).slice(0, itemsMax),
    oldest: readWaiting(oldest).toSorted(byAge).slice(0, itemsMax),
  };
}

function readWaiting(fields: readonly string[]): WaitingItem[] {
  return inGroups(fields, 3).map(([itemId, entries, at]) => {
    return { itemId: itemId!, entries: Number(entries), oldestAcceptedMs: Number(at) };
  });
}

function byEntries(a: WaitingItem, b: WaitingItem): number {
  return b.entries - a.entries || byAge(a, b);
}

function byAge(a: WaitingItem, b: WaitingItem): number {
  return a.oldestAcceptedMs - b.oldestAcceptedMs || (a.itemId < b.itemId ? -1 : 1);
}

type ItemReply = readonly [
  nowMs: number,
  waiting: number,
  entries: readonly string[],
  before: number,
  calls: readonly string[],
  retries: readonly string[],
  groups: number,
  last: readonly string[],
];

function readItem(reply: unknown): ItemView {
  const [nowMs, waiting, entries, before, calls, retries, retryGroups, last] = reply as ItemReply;
  return {
    nowMs,
    waiting,
    entries,
    itemsBefore: before === -1 ? null : before,
    calls: inGroups(calls, 3).map(([leaseId, count, endsMs]) => {
      return { leaseId: leaseId!, entries: Number(count), endsMs: Number(endsMs) };
    }),
    retries: inGroups(retries, 3)
      .map(([count, dueMs, whole]) => ({ entries: Number(count), dueMs: Number(dueMs), whole: Number(whole) === 1 }))
      .sort((a, b) => a.dueMs - b.dueMs),
    retryGroups,
    lastCall: last.length === 0 ? null : readCall(last),
  };
}

export function inGroups<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: list.length / size }, (_, n) => list.slice(n * size, (n + 1) * size));
}
