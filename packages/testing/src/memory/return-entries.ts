/*
  batch, before anything is chosen: leases whose time is over are reclaimed, and retries whose time has come go back to
  their items. Both bounded, so that no take pays for all of them.
*/
import { isFailing, mayTrickle, RETURNS_MAX, returnsMaxOf, spendReturns, type TakeRequest } from '@sluice/core';
import { endEntry } from './end-entry.ts';
import { keepUnknown, tellLost } from './lookups.ts';
import { type Connection, type Group, type Now, type OpenLease, returnToHead, type State } from './state.ts';

const RECLAIMED_MAX = 4;

/** What became of the call nobody knows: the policy says whether its entries are sent again. */
export function reclaimLeases(
  state: State,
  connection: Connection,
  policy: TakeRequest['unknownPolicy'],
  now: Now,
): void {
  const expired = [...connection.leases.values()]
    .filter(({ expiresMs }) => expiresMs <= now.ms)
    .sort((a, b) => a.expiresMs - b.expiresMs || (a.id < b.id ? -1 : 1))
    .slice(0, RECLAIMED_MAX);
  for (const lease of expired) {
    connection.leases.delete(lease.id);
    connection.counts.unknown += lease.entries.length;
    tellLost(connection, lease, policy === 'park', now);
    const { id: leaseId, itemId, entries } = lease;
    keepUnknown(connection, { leaseId, itemId, entries: entries.length, reason: 'lease_reclaimed' }, now);
    if (policy === 'park') parkLease(state, connection, lease, now);
    else returnLease(connection, lease, now);
  }
}

/** Due groups that are not whole go back to their items, earliest first: a few, and fewer while calls fail. */
export function returnDueGroups(connection: Connection, now: Now): void {
  if (!isFailing(connection.inFlightLimit.loweredAtMs, now.ms)) {
    returnGroups(connection, RETURNS_MAX, now);
    return;
  }
  const returned = returnGroups(connection, returnsMaxOf(connection.retryShare), now);
  connection.retryShare = spendReturns(connection.retryShare, returned);
}

/** Nothing else is ready: one of those kept back. Answers whether one came. */
export function trickleGroup(connection: Connection, now: Now): boolean {
  const { inFlightLimit, retryShare } = connection;
  if (!isFailing(inFlightLimit.loweredAtMs, now.ms) || !mayTrickle(retryShare, now.ms)) return false;
  if (returnGroups(connection, 1, now) === 0) return false;
  connection.retryShare = { ...retryShare, trickledAtMs: now.ms };
  return true;
}

function returnGroups(connection: Connection, most: number, now: Now): number {
  const due = dueGroups(connection, now).filter(({ whole }) => !whole);
  const returned = due.slice(0, most);
  for (const group of returned) {
    removeGroup(connection, group);
    returnToHead(connection, group.itemId, group.entries);
  }
  return returned.length;
}

/** Groups whose time has come, earliest first. */
export function dueGroups({ groups }: Connection, now: Now): readonly Group[] {
  return groups.filter(({ dueMs }) => dueMs <= now.ms).sort((a, b) => a.dueMs - b.dueMs || (a.id < b.id ? -1 : 1));
}

export function removeGroup(connection: Connection, group: Group): void {
  connection.groups = connection.groups.filter((other) => other !== group);
}

function parkLease(state: State, connection: Connection, { itemId, entries }: OpenLease, now: Now): void {
  const message = 'The worker stopped before it knew the outcome.';
  const reason = { code: 'lease_reclaimed', message, requestId: null };
  for (const entry of entries) endEntry(state, connection, { entry, itemId, end: 'parked', reason }, now);
}

function returnLease(connection: Connection, { id, itemId, entries, whole }: OpenLease, now: Now): void {
  if (whole) connection.groups = [...connection.groups, { id, itemId, entries, whole, dueMs: now.ms }];
  else returnToHead(connection, itemId, entries);
}
