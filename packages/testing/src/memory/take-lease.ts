/*
  batch: may a call be made now, and with which entries? The order of decisions is the port's. A refusal changes nothing
  but the promise and what came back before it; a token is spent only when there is a lease.
*/
import {
  activeBucket,
  earnReturn,
  grantCall,
  inFlightMaxOf,
  isFailing,
  type Lease,
  openBucket,
  pairOf,
  type TakeRefusal,
  type TakeRequest,
  type TakeResult,
  trickleAtMs,
} from '@sluice/core';
import { awakeMs, replaceBucket } from './awake-clock.ts';
import { readColumns } from './columns.ts';
import { erasePending, markOf } from './erasure.ts';
import { bucketToLearn } from './learning.ts';
import { longestWaiting, type Pick as Picked, pickItem, takesTurn } from './pick-item.ts';
import { promiseAfterLease, promiseAfterRefusal } from './promise.ts';
import { countExpired } from './receipt.ts';
import { reclaimLeases, removeGroup, returnDueGroups, trickleGroup } from './return-entries.ts';
import { type Connection, connectionOf, type Group, type Now, type OpenLease, type State } from './state.ts';
import { leaveLine, standInLine, type Tenant, tenantOf, tenantToLearn } from './tenant.ts';

const ROUNDS_MAX = 3;
const INFLIGHT_WAIT_MS = 500;
/** So many items or groups may turn out to be nothing but expired in one take. */
const EXPIRING_PICKS_MAX = 8;

export function takeLease(state: State, request: TakeRequest, now: Now): TakeResult {
  const connection = connectionOf(state, request.connectionId);
  const tenant = tenantOf(state, request.tenantId);
  const open = connection.leases.get(request.leaseId);
  if (open !== undefined) return leaseOf({ connection, tenant, lease: open, why: 'again' }, now);

  reclaimLeases(state, connection, request.unknownPolicy, now);
  returnDueGroups(connection, now);
  leaveLine(tenant, connection.id, now);
  const refused = refuse(connection, tenant, request, now);
  const chosen = refused ?? chooseEntries(state, { connection, tenant, request }, now);
  if ('status' in chosen) {
    promiseAfterRefusal(connection, chosen);
    return { ...chosen, learn: bucketToLearn(connection, now), learnTenant: tenantToLearn(tenant, now) };
  }
  const lease = openLease(connection, tenant, { request, chosen }, now);
  promiseAfterLease(connection, now);
  return leaseOf({ connection, tenant, lease, why: chosen.picked.why }, now);
}

interface Chosen {
  readonly picked: Picked;
  /** Already out of the item or group they were in. */
  readonly entries: readonly string[];
}

interface Choice {
  readonly connection: Connection;
  readonly tenant: Tenant;
  readonly request: TakeRequest;
}

/** What goes next. Where all that is met has expired, another item has its turn, a bounded number of times. */
function chooseEntries(state: State, { connection, tenant, request }: Choice, now: Now): Chosen | Said {
  for (let picks = 1; picks <= EXPIRING_PICKS_MAX; picks++) {
    const first = pickItem(connection, request, now);
    const picked = first === null && trickleGroup(connection, now) ? pickItem(connection, request, now) : first;
    if (picked === null) return refuseForNothingReady(connection, request, now);
    const turnMs = standInLine(tenant, connection, now);
    if (turnMs !== null) return no('quota', turnMs, now);
    if (picked.why === 'whole') removeGroup(connection, picked.group);
    const { taken, expired } =
      picked.why === 'whole'
        ? splitExpired(connection, picked.group.entries, request, now)
        : removeEntries(connection, picked.itemId, request, now);
    for (const entry of expired) endUnsent(state, connection, entry, now);
    if (taken.length > 0) return { picked, entries: taken };
  }
  return no('expired', now.ms, now);
}

function endUnsent(state: State, connection: Connection, entry: string, now: Now): void {
  const mark = markOf(connection, entry, now);
  if (mark !== null) {
    erasePending(state, connection, { entry, mark }, now);
    return;
  }
  connection.counts.expired += 1;
  countExpired(state, entry, now);
}

type Said = Pick<TakeRefusal, 'status' | 'reason' | 'untilMs' | 'nowMs'>;

function no(reason: TakeRefusal['reason'], untilMs: number | null, now: Now): Said {
  return { status: 'waiting', reason, untilMs, nowMs: now.ms };
}

/** Everything that stands before the choice of an item. */
function refuse(connection: Connection, tenant: Tenant, request: TakeRequest, now: Now): Said | null {
  const { block } = connection;
  if (connection.pausedSinceMs !== null) return no('paused', null, now);
  if (block !== null) {
    const open = block.probeLeaseId === null ? undefined : connection.leases.get(block.probeLeaseId);
    const probeAtMs = Math.max(block.probeAtMs, open?.expiresMs ?? 0);
    if (now.ms < probeAtMs) return no(block.kind, probeAtMs, now);
  }
  const closedUntilMs = closeAlike(connection, tenant, now);
  if (closedUntilMs > now.ms) return no('closed', closedUntilMs, now);
  const { bucket } = connection;
  const inFlightMax = inFlightMaxOf(connection.inFlightLimit, request.inFlightMax);
  if (inFlight(connection, request, now) >= inFlightMax) return no('inflight', now.ms + INFLIGHT_WAIT_MS, now);
  if (bucket !== null && bucket.tatUs > now.us) return no('quota', Math.ceil(bucket.tatUs / 1000), now);
  return null;
}

/** A connection that meets its tenant closed closes as well, so that its awake clock stands still. Answers until when nobody calls. */
function closeAlike(connection: Connection, { quota }: Tenant, now: Now): number {
  const { bucket } = connection;
  const ofTenantMs = activeBucket(quota, now.ms)?.closedUntilMs ?? 0;
  const closedUntilMs = Math.max(ofTenantMs, bucket?.closedUntilMs ?? 0);
  if (bucket !== null && ofTenantMs > now.ms) replaceBucket(connection, { ...bucket, closedUntilMs }, now);
  return closedUntilMs;
}

/** Nothing may go yet: until when? Not beyond the end of an open lease: only a take finds that its worker died. */
function refuseForNothingReady(connection: Connection, { lingerMs }: TakeRequest, now: Now): Said {
  const longest = longestWaiting(connection);
  const lingerEndMs = longest === null ? null : longest.sinceMs + lingerMs;
  const retryMs = earliest(connection.groups.map((group) => comesBackAtMs(connection, group, now)));
  const leaseEndMs = earliest([...connection.leases.values()].map((lease) => lease.expiresMs));
  const untilMs = earliest([lingerEndMs, retryMs, leaseEndMs].filter((ms) => ms !== null));
  const lingers = lingerEndMs !== null && (retryMs === null || lingerEndMs <= retryMs);
  return no(lingers ? 'linger' : retryMs === null ? 'empty' : 'retry', untilMs, now);
}

function openLease(
  connection: Connection,
  tenant: Tenant,
  { request, chosen }: { readonly request: TakeRequest; readonly chosen: Chosen },
  now: Now,
): OpenLease {
  const { leaseId, leaseMs } = request;
  const { picked, entries } = chosen;
  const { itemId } = picked;
  const bucket = connection.bucket ?? openBucket(request.intervalInitialUs, now.ms);
  const probe = connection.block !== null;
  const whole = picked.why === 'whole';
  const times = { takenMs: now.ms, expiresMs: now.ms + leaseMs };
  const epochs = { epoch: bucket.epoch, tenantEpoch: tenant.quota.bucket?.epoch ?? 0 };
  const lease: OpenLease = { id: leaseId, itemId, entries, whole, probe, ...epochs, ...times };
  connection.leases.set(leaseId, lease);
  connection.counts.calls += 1;
  connection.counts.callEntries += entries.length;
  connection.bucket = grantCall(bucket, now.us);
  const ofTenant = activeBucket(tenant.quota, now.ms);
  if (ofTenant !== null) {
    tenant.quota = { ...tenant.quota, bucket: grantCall(ofTenant, now.us) };
    connection.grantedUs = now.us;
  }
  connection.turnTaken = takesTurn(picked.why);
  connection.retryShare = earnReturn(connection.retryShare);
  if (connection.block !== null) {
    const { block } = connection;
    const probes = block.probes + 1;
    connection.block = { ...block, probes, probeLeaseId: leaseId, probeAtMs: now.ms + block.probeEveryMs };
  }
  return lease;
}

/**
 * Fills a call from the item's head. Entries whose pair is already in it keep their place at the head. A head that stays
 * over the age bound waits from the bound on, behind the items that are over it already.
 */
function removeEntries(connection: Connection, itemId: string, request: TakeRequest, now: Now): Split {
  const { entriesMax, ageBoundMs, lingerMs } = request;
  const item = connection.items.get(itemId)!;
  const taken = new Map<string, string>();
  const skipped: string[] = [];
  const expired: string[] = [];
  for (let round = 1; round <= ROUNDS_MAX && taken.size < entriesMax; round++) {
    for (const entry of item.entries.splice(0, entriesMax - taken.size)) {
      if (isExpired(connection, entry, request, now)) expired.push(entry);
      else if (taken.has(pairOf(entry))) skipped.push(entry);
      else taken.set(pairOf(entry), entry);
    }
  }
  item.entries.unshift(...skipped);
  item.lastFill = skipped.length > 0 ? taken.size : null;
  item.waitsFromMs = taken.size > 0 ? now.ms - Math.max(ageBoundMs, lingerMs) : null;
  if (item.entries.length === 0) connection.items.delete(itemId);
  return { taken: [...taken.values()], expired };
}

interface Split {
  readonly taken: readonly string[];
  readonly expired: readonly string[];
}

function splitExpired(connection: Connection, entries: readonly string[], request: TakeRequest, now: Now): Split {
  const expired = entries.filter((entry) => isExpired(connection, entry, request, now));
  return { taken: entries.filter((entry) => !expired.includes(entry)), expired };
}

/** Too old for a call, or its performer is being erased. */
function isExpired(connection: Connection, entry: string, { viewedAgeMaxMs }: TakeRequest, now: Now): boolean {
  if (markOf(connection, entry, now) !== null) return true;
  const { type, startMs } = readColumns(entry).activity;
  return viewedAgeMaxMs !== null && type === 'viewed' && now.ms - startMs > viewedAgeMaxMs;
}

/** A due group that is kept back while calls fail comes back later than it was to. */
function comesBackAtMs({ inFlightLimit, retryShare }: Connection, { whole, dueMs }: Group, now: Now): number {
  const { loweredAtMs } = inFlightLimit;
  const isKept = !whole && dueMs <= now.ms && isFailing(loweredAtMs, now.ms);
  return isKept ? trickleAtMs(retryShare, loweredAtMs) : dueMs;
}

/** The number of leases younger than the call's timeout is the number of calls in flight. */
function inFlight({ leases }: Connection, { callTimeoutMs }: TakeRequest, now: Now): number {
  return [...leases.values()].filter(({ takenMs }) => now.ms - takenMs < callTimeoutMs).length;
}

interface Taken {
  readonly connection: Connection;
  readonly tenant: Tenant;
  readonly lease: OpenLease;
  readonly why: Lease['why'];
}

function leaseOf({ connection, tenant, lease, why }: Taken, now: Now): Lease {
  const { id, itemId, entries, whole, epoch, tenantEpoch, probe } = lease;
  const ofTenant = activeBucket(tenant.quota, now.ms);
  return {
    status: 'leased',
    leaseId: id,
    itemId,
    entries,
    why,
    whole,
    epoch,
    tenantEpoch,
    refusedInARow: Math.max(connection.bucket?.refusedInARow ?? 0, ofTenant?.refusedInARow ?? 0),
    failedInARow: connection.failedInARow,
    missedBefore: connection.found ? null : connection.missed,
    probe,
    awakeMs: awakeMs(connection, now),
    nowMs: lease.takenMs,
    learn: bucketToLearn(connection, now),
    learnTenant: tenantToLearn(tenant, now),
  };
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
