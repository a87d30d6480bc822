/*
  batch: may a call be made now, and with which entries? The order of decisions is the port's. A refusal changes nothing
  but the promise and what came back before it; a token is spent only when there is a lease.
*/
import {
  grantCall,
  inFlightMaxOf,
  type Lease,
  openBucket,
  pairOf,
  type TakeRefusal,
  type TakeRequest,
  type TakeResult,
} from '@sluice/core';
import { awakeMs } from './awake-clock.ts';
import { bucketToLearn } from './learning.ts';
import { longestWaiting, type Pick, pickItem, takesTurn } from './pick-item.ts';
import { promiseAfterLease, promiseAfterRefusal } from './promise.ts';
import { reclaimLeases, removeGroup, returnDueGroups } from './return-entries.ts';
import { type Connection, connectionOf, type Now, type OpenLease, type State } from './state.ts';

const ROUNDS_MAX = 3;
const INFLIGHT_WAIT_MS = 500;

export function takeLease(state: State, request: TakeRequest, now: Now): TakeResult {
  const connection = connectionOf(state, request.connectionId);
  const open = connection.leases.get(request.leaseId);
  if (open !== undefined) return leaseOf(connection, open, 'again', now);

  reclaimLeases(state, connection, request.unknownPolicy, now);
  returnDueGroups(connection, now);
  const refused = refuse(connection, request, now);
  const picked = refused === null ? pickItem(connection, request, now) : null;
  if (picked === null) {
    const answer = refused ?? refuseForNothingReady(connection, request, now);
    promiseAfterRefusal(connection, answer);
    return answer;
  }
  const lease = openLease(connection, request, picked, now);
  promiseAfterLease(connection, now);
  return leaseOf(connection, lease, picked.why, now);
}

/** Everything that stands before the choice of an item. */
function refuse(connection: Connection, request: TakeRequest, now: Now): TakeRefusal | null {
  const no = (reason: TakeRefusal['reason'], untilMs: number | null) => refusal(connection, reason, untilMs, now);
  const { block, bucket } = connection;
  if (connection.pausedSinceMs !== null) return no('paused', null);
  if (block !== null && now.ms < block.probeAtMs) return no(block.kind, block.probeAtMs);
  if (bucket !== null && bucket.closedUntilMs > now.ms) return no('closed', bucket.closedUntilMs);
  const inFlightMax = inFlightMaxOf(connection.inFlightLimit, request.inFlightMax);
  if (inFlight(connection, request, now) >= inFlightMax) return no('inflight', now.ms + INFLIGHT_WAIT_MS);
  if (bucket !== null && bucket.tatUs > now.us) return no('quota', Math.ceil(bucket.tatUs / 1000));
  return null;
}

/** Nothing may go yet: until when? Not beyond the end of an open lease: only a take finds that its worker died. */
function refuseForNothingReady(connection: Connection, { lingerMs }: TakeRequest, now: Now): TakeRefusal {
  const longest = longestWaiting(connection);
  const lingerEndMs = longest === null ? null : longest.sinceMs + lingerMs;
  const retryMs = earliest(connection.groups.map(({ dueMs }) => dueMs));
  const leaseEndMs = earliest([...connection.leases.values()].map((lease) => lease.expiresMs));
  const untilMs = earliest([lingerEndMs, retryMs, leaseEndMs].filter((ms) => ms !== null));
  const lingers = lingerEndMs !== null && (retryMs === null || lingerEndMs <= retryMs);
  return refusal(connection, lingers ? 'linger' : retryMs === null ? 'empty' : 'retry', untilMs, now);
}

function openLease(connection: Connection, request: TakeRequest, picked: Pick, now: Now): OpenLease {
  const { leaseId, leaseMs } = request;
  const { itemId } = picked;
  const bucket = connection.bucket ?? openBucket(request.intervalInitialUs, now.ms);
  const probe = connection.block !== null;
  const whole = picked.why === 'whole';
  if (picked.why === 'whole') removeGroup(connection, picked.group);
  const entries = picked.why === 'whole' ? picked.group.entries : removeEntries(connection, itemId, request, now);
  const times = { takenMs: now.ms, expiresMs: now.ms + leaseMs };
  const lease: OpenLease = { id: leaseId, itemId, entries, whole, probe, epoch: bucket.epoch, ...times };
  connection.leases.set(leaseId, lease);
  connection.bucket = grantCall(bucket, now.us);
  connection.turnTaken = takesTurn(picked.why);
  if (connection.block !== null) {
    connection.block = { ...connection.block, probeAtMs: now.ms + connection.block.probeEveryMs };
  }
  return lease;
}

/**
 * Fills a call from the item's head. Entries whose pair is already in it keep their place at the head. A head that stays
 * over the age bound waits from the bound on, behind the items that are over it already.
 */
function removeEntries(connection: Connection, itemId: string, request: TakeRequest, now: Now): readonly string[] {
  const { entriesMax, ageBoundMs, lingerMs } = request;
  const item = connection.items.get(itemId)!;
  const taken = new Map<string, string>();
  const skipped: string[] = [];
  for (let round = 1; round <= ROUNDS_MAX && taken.size < entriesMax; round++) {
    for (const entry of item.entries.splice(0, entriesMax - taken.size)) {
      if (taken.has(pairOf(entry))) skipped.push(entry);
      else taken.set(pairOf(entry), entry);
    }
  }
  item.entries.unshift(...skipped);
  item.lastFill = skipped.length > 0 ? taken.size : null;
  item.waitsFromMs = now.ms - Math.max(ageBoundMs, lingerMs);
  if (item.entries.length === 0) connection.items.delete(itemId);
  return [...taken.values()];
}

/** The number of leases younger than the call's timeout is the number of calls in flight. */
function inFlight({ leases }: Connection, { callTimeoutMs }: TakeRequest, now: Now): number {
  return [...leases.values()].filter(({ takenMs }) => now.ms - takenMs < callTimeoutMs).length;
}

function leaseOf(connection: Connection, lease: OpenLease, why: Lease['why'], now: Now): Lease {
  const { id, itemId, entries, whole, epoch, probe } = lease;
  return {
    status: 'leased',
    leaseId: id,
    itemId,
    entries,
    why,
    whole,
    epoch,
    refusedInARow: connection.bucket?.refusedInARow ?? 0,
    failedInARow: connection.failedInARow,
    probe,
    awakeMs: awakeMs(connection, now),
    nowMs: lease.takenMs,
    learn: bucketToLearn(connection, now),
  };
}

function refusal(connection: Connection, reason: TakeRefusal['reason'], untilMs: number | null, now: Now): TakeRefusal {
  return { status: 'waiting', reason, untilMs, nowMs: now.ms, learn: bucketToLearn(connection, now) };
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
