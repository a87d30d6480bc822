/* settle: ends a lease and carries out its settlement, entry by entry; then the call; then who has to be woken. */
import type { Block, EntrySettlement, SettleRequest, SettleResult } from '@sluice/core';
import { awakeMs } from './awake-clock.ts';
import { beginBlock } from './block.ts';
import { writeAttempt } from './columns.ts';
import { endEntry } from './end-entry.ts';
import { bucketToLearn } from './learning.ts';
import { keepUnknown, tellCall } from './lookups.ts';
import { lowerPromise } from './promise.ts';
import { countDelivered } from './receipt.ts';
import { settleCall } from './settle-call.ts';
import {
  type Connection,
  connectionOf,
  forgetOldest,
  type Group,
  type Now,
  type OpenLease,
  pendingOf,
  type State,
} from './state.ts';
import { tenantOf, tenantToLearn } from './tenant.ts';

const SETTLED_IDS_MAX = 4096;
export const DEAD_LETTERS_FULL: Block = { kind: 'held', reason: 'dead letters full', probeEveryMs: 60_000 };

export function settleLease(state: State, request: SettleRequest, now: Now): SettleResult {
  const { leaseId, settlement } = request;
  const connection = connectionOf(state, request.connectionId);
  const tenant = tenantOf(state, request.tenantId);
  const lease = connection.leases.get(leaseId);
  const answer = (status: SettleResult['status'], wakeAtMs: number | null): SettleResult => {
    return {
      status,
      wakeAtMs,
      nowMs: now.ms,
      learn: bucketToLearn(connection, now),
      learnTenant: tenantToLearn(tenant, now),
    };
  };
  if (lease === undefined && state.settledIds.has(leaseId)) {
    return { status: 'again', wakeAtMs: null, nowMs: now.ms, learn: null, learnTenant: null };
  }

  if (lease !== undefined) assertPartition(lease, settlement.entries);
  state.settledIds.add(leaseId);
  forgetOldest(state.settledIds, SETTLED_IDS_MAX);
  // There is a bucket from the first take on: without one the connection is gone, or anew and not that of the call.
  if (lease === undefined && connection.bucket === null) {
    return { status: 'stale', wakeAtMs: null, nowMs: now.ms, learn: null, learnTenant: null };
  }
  if (lease === undefined) {
    connection.counts.staleSettles += 1;
    tellCall(connection, request, true, now);
    tellUnknown(connection, request, null, now);
    const unblocked = settleCall(connection, tenant, request, now);
    const nextProbeMs = planNextProbe(connection, leaseId);
    return answer('stale', wakeAfter(connection, { earliestMs: nextProbeMs, unblocked }, now));
  }
  connection.leases.delete(leaseId);
  tellCall(connection, request, false, now);
  tellUnknown(connection, request, lease.itemId, now);
  const groups = settleEntries(state, connection, lease, request, now);
  connection.groups = [...connection.groups, ...groups];
  connection.counts.unknown += settlement.call.unknown?.entries ?? 0;
  const unblocked = settleCall(connection, tenant, request, now);
  const nextProbeMs = planNextProbe(connection, leaseId);
  holdWhenDeadLettersAreFull(connection, request, now);
  const times = [...groups.map(({ dueMs }) => dueMs), ...(nextProbeMs === null ? [] : [nextProbeMs])];
  const earliestMs = times.length === 0 ? null : Math.min(...times);
  return answer('settled', wakeAfter(connection, { earliestMs, unblocked }, now));
}

function tellUnknown(
  connection: Connection,
  { leaseId, settlement }: SettleRequest,
  itemId: string | null,
  now: Now,
): void {
  const { unknown } = settlement.call;
  if (unknown !== null) keepUnknown(connection, { leaseId, itemId, ...unknown }, now);
}

/** Answers the retry groups; their entries have their new columns. */
function settleEntries(
  state: State,
  connection: Connection,
  lease: OpenLease,
  { settlement }: SettleRequest,
  now: Now,
): readonly Group[] {
  const groups = new Map<number, Group>();
  lease.entries.forEach((entry, n) => {
    const { itemId } = lease;
    const verdict = settlement.entries[n]!;
    if (verdict.kind === 'ack') {
      connection.counts.delivered += 1;
      countDelivered(state, entry, now);
    } else if (verdict.kind === 'requeue') {
      connection.counts.retried += 1;
      const tried = verdict.counted ? writeAttempt(entry, awakeMs(connection, now)) : entry;
      const group = groups.get(verdict.group) ?? openGroup(lease, verdict, settlement.call.groupsWhole, now);
      groups.set(verdict.group, { ...group, entries: [...group.entries, tried] });
    } else {
      const end = verdict.kind === 'deadLetter' ? 'dead' : 'parked';
      // The call that ended it was an attempt, too.
      const tried = writeAttempt(entry, awakeMs(connection, now));
      endEntry(state, connection, { entry: tried, itemId, end, reason: verdict }, now);
    }
  });
  return [...groups.values()];
}

type Requeue = Extract<EntrySettlement, { kind: 'requeue' }>;

/** A group waits as long as its first entry says. */
function openGroup({ id, itemId }: OpenLease, { group, delayMs }: Requeue, whole: boolean, now: Now): Group {
  return { id: `${id}:${group}`, itemId, dueMs: now.ms + Math.ceil(delayMs), whole, entries: [] };
}

function holdWhenDeadLettersAreFull(connection: Connection, { deadLettersMax }: SettleRequest, now: Now): void {
  if (connection.settledEntries.length < deadLettersMax) return;
  beginBlock(connection, DEAD_LETTERS_FULL, now);
}

/** Of a probe that did not end the stop: whatever was promised while it was under way, the next one goes at its time. */
function planNextProbe(connection: Connection, leaseId: string): number | null {
  const { block } = connection;
  if (block === null || block.probeLeaseId !== leaseId) return null;
  connection.block = { ...block, probeLeaseId: null };
  connection.gateMs = block.probeAtMs;
  return block.probeAtMs;
}

interface Changes {
  /** Of retries and the next probe. */
  readonly earliestMs: number | null;
  /** A block was ended. */
  readonly unblocked: boolean;
}

function wakeAfter(connection: Connection, { earliestMs, unblocked }: Changes, now: Now): number | null {
  const forgotten = connection.promiseMs === null && pendingOf(connection) > 0;
  if (unblocked || forgotten) return lowerPromise(connection, now.ms);
  return earliestMs === null ? null : lowerPromise(connection, earliestMs);
}

function assertPartition({ id, entries }: OpenLease, verdicts: readonly EntrySettlement[]): void {
  if (entries.length === verdicts.length) return;
  throw new Error(
    `The settlement of lease ${id} has ${verdicts.length} entries, the lease has ${entries.length}: a settlement is a partition of its batch.`,
  );
}
