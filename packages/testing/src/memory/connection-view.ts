import { type ConnectionView, inFlightMaxOf } from '@sluice/core';
import { acceptedMsOf } from './columns.ts';
import { oldestHead } from './pick-item.ts';
import { type Connection, type Now, pendingOf } from './state.ts';

export function viewConnection(connection: Connection, now: Now): ConnectionView {
  const { id, leases, groups, bucket, block, counts } = connection;
  return {
    connectionId: id,
    nowMs: now.ms,
    pending: pendingOf(connection),
    leases: leases.size,
    leased: sum([...leases.values()].map(({ entries }) => entries.length)),
    delayed: sum(groups.map(({ entries }) => entries.length)),
    oldestAcceptedMs: oldestAcceptedMs(connection),
    ...counts,
    deadLetters: connection.settledEntries.filter((ended) => ended.state === 'dead').length,
    parkedEntries: connection.settledEntries.filter((ended) => ended.state === 'parked').length,
    state: stateOf(connection, now),
    reason: block?.reason ?? null,
    blockedSinceMs: blockedSinceMs(connection),
    bucket,
    inFlightLimit: inFlightLimitOf(connection),
  };
}

function inFlightLimitOf({ inFlightLimit }: Connection): number | null {
  return inFlightLimit.millionths === null ? null : inFlightMaxOf(inFlightLimit, Number.POSITIVE_INFINITY);
}

/** By the heads: an item or a retry is as old as its first entry. */
function oldestAcceptedMs(connection: Connection): number | null {
  const leased = [...connection.leases.values()].flatMap(({ entries }) => entries);
  const delayed = connection.groups.map(({ entries }) => entries[0]!);
  const waiting = oldestHead(connection)?.headMs;
  const times = [...[...leased, ...delayed].map(acceptedMsOf), ...(waiting === undefined ? [] : [waiting])];
  return times.length === 0 ? null : Math.min(...times);
}

function blockedSinceMs({ pausedSinceMs, block }: Connection): number | null {
  if (pausedSinceMs === null || block === null) return pausedSinceMs ?? block?.sinceMs ?? null;
  return Math.min(pausedSinceMs, block.sinceMs);
}

/** The strongest cause for standing still; without one, whether there is something to do. */
function stateOf(connection: Connection, now: Now): ConnectionView['state'] {
  if (connection.pausedSinceMs !== null) return 'paused';
  if (connection.block !== null) return connection.block.kind;
  if ((connection.bucket?.closedUntilMs ?? 0) > now.ms) return 'closed';
  return pendingOf(connection) > 0 ? 'flowing' : 'idle';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
