/* What operators look up: the same bounds as in Redis do not matter to the tests of one small store, so nothing is left out. */
import type { ItemsView, ItemView, SettledCall, SettleRequest, UnknownCall, WaitingItem } from '@sluice/core';
import { acceptedMsOf } from './columns.ts';
import type { Connection, Now, OpenLease } from './state.ts';

const ENTRIES_SHOWN = 20;

export function tellCall(
  connection: Connection,
  { leaseId, settlement, told }: SettleRequest,
  stale: boolean,
  now: Now,
): void {
  if (told === undefined) return;
  const count = (kind: string) => settlement.entries.filter((entry) => entry.kind === kind).length;
  const counts = {
    delivered: count('ack'),
    retried: count('requeue'),
    dead: count('deadLetter'),
    parked: count('park'),
  };
  keep(connection, { ...told, ...counts, leaseId, atMs: now.ms, stale });
}

/** The call of a lease that nobody settled in time. */
export function tellLost(connection: Connection, { id, itemId, entries }: OpenLease, parks: boolean, now: Now): void {
  const reason = 'lease_reclaimed: the worker stopped before it knew the outcome';
  const counts = { delivered: 0, retried: parks ? 0 : entries.length, dead: 0, parked: parks ? entries.length : 0 };
  const call = { itemId, status: 'lost', requestId: null, reason, durationMs: 0 };
  keep(connection, { ...call, ...counts, leaseId: id, atMs: now.ms, stale: false });
}

/** A call of which nobody knows what became of it. */
export function keepUnknown(connection: Connection, call: Omit<UnknownCall, 'id' | 'atMs'>, now: Now): void {
  const id = `${now.ms}-${connection.unknownCalls.length}`;
  connection.unknownCalls = [{ ...call, id, atMs: now.ms }, ...connection.unknownCalls];
}

export function viewUnknown(
  { unknownCalls }: Connection,
  beforeId: string | null,
  max: number,
): readonly UnknownCall[] {
  const from = beforeId === null ? 0 : unknownCalls.findIndex(({ id }) => id === beforeId) + 1;
  return unknownCalls.slice(from, from + max);
}

function keep(connection: Connection, call: SettledCall): void {
  connection.settledCalls = [call, ...connection.settledCalls];
}

export function viewCalls({ settledCalls }: Connection, which: 'all' | 'errors', max: number): readonly SettledCall[] {
  return settledCalls.filter((call) => which === 'all' || call.retried + call.dead + call.parked > 0).slice(0, max);
}

export function viewItems({ items }: Connection, max: number, now: Now): ItemsView {
  const waiting = [...items].map(([itemId, { entries }]): WaitingItem => {
    return { itemId, entries: entries.length, oldestAcceptedMs: acceptedMsOf(entries[0]!) };
  });
  const byAge = (a: WaitingItem, b: WaitingItem) =>
    a.oldestAcceptedMs - b.oldestAcceptedMs || (a.itemId < b.itemId ? -1 : 1);
  return {
    nowMs: now.ms,
    items: waiting.length,
    fullest: waiting.toSorted((a, b) => b.entries - a.entries || byAge(a, b)).slice(0, max),
    oldest: waiting.toSorted(byAge).slice(0, max),
  };
}

export function viewItem(connection: Connection, itemId: string, itemsBefore: number | null, now: Now): ItemView {
  const { items, leases, groups, settledCalls } = connection;
  const entries = items.get(itemId)?.entries ?? [];
  return {
    nowMs: now.ms,
    waiting: entries.length,
    entries: entries.slice(0, ENTRIES_SHOWN),
    itemsBefore,
    calls: [...leases.values()]
      .filter((lease) => lease.itemId === itemId)
      .map((lease) => ({ leaseId: lease.id, entries: lease.entries.length, endsMs: lease.expiresMs })),
    retries: groups
      .filter((group) => group.itemId === itemId)
      .map((group) => ({ entries: group.entries.length, dueMs: group.dueMs, whole: group.whole }))
      .sort((a, b) => a.dueMs - b.dueMs),
    retryGroups: groups.length,
    lastCall: settledCalls.find((call) => call.itemId === itemId) ?? null,
  };
}
