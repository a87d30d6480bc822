/*
  batch, before anything is chosen: leases whose time is over are reclaimed, and retries whose time has come go back to
  their items. Both bounded, so that no take pays for all of them.
*/
import type { TakeRequest } from '@sluice/core';
import { endEntry } from './end-entry.ts';
import { tellLost } from './lookups.ts';
import { type Connection, type Group, type Now, type OpenLease, returnToHead, type State } from './state.ts';

const RECLAIMED_MAX = 4;
const DUE_GROUPS_MAX = 4;

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
    if (policy === 'park') parkLease(state, connection, lease, now);
    else returnLease(connection, lease, now);
  }
}

/** Due groups that are not whole go back to their items, at most four, earliest first. */
export function returnDueGroups(connection: Connection, now: Now): void {
  const due = dueGroups(connection, now).filter(({ whole }) => !whole);
  for (const group of due.slice(0, DUE_GROUPS_MAX)) {
    removeGroup(connection, group);
    returnToHead(connection, group.itemId, group.entries);
  }
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
