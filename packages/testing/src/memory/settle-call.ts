/* settle: what a call says about its connection: quota, closure, failures in a row, block. Once per lease id. */
import {
  type CallSettlement,
  countAccepted,
  countInFlight,
  countRefused,
  countTenantAccepted,
  countTenantRefused,
  isRateUsed,
  type SettleRequest,
} from '@sluice/core';
import { replaceBucket } from './awake-clock.ts';
import { beginBlock, endBlock } from './block.ts';
import type { Connection, Now } from './state.ts';
import type { Tenant } from './tenant.ts';

/** Answers whether a block was ended, so that somebody may call earlier than was promised. */
export function settleCall(connection: Connection, tenant: Tenant, request: SettleRequest, now: Now): boolean {
  const { inFlightMax, settlement } = request;
  const { call } = settlement;
  countQuota(connection, tenant, request, now);
  connection.inFlightLimit = countInFlight(connection.inFlightLimit, call, { inFlightMax, nowMs: now.ms });
  if (call.failed !== null) connection.failedInARow = call.failed ? connection.failedInARow + 1 : 0;
  const isVoid = call.target === 'presumed' && connection.found;
  countTarget(connection, call.target);
  return settleBlock(connection, isVoid ? { ...call, block: null } : call, now);
}

function countTarget(connection: Connection, target: CallSettlement['target']): void {
  if (target === null || connection.found) return;
  if (target === 'found') connection.found = true;
  else connection.missed += 1;
}

function countQuota(connection: Connection, tenant: Tenant, request: SettleRequest, now: Now): void {
  const { epoch, tenantEpoch, settlement } = request;
  const { quota, closeMs } = settlement.call;
  const { bucket } = connection;
  if (quota === 'accepted') tenant.quota = countTenantAccepted(tenant.quota, tenantEpoch, now.ms);
  if (bucket === null) return;
  if (quota === 'refused') {
    const retryAfterMs = Math.ceil(closeMs);
    const ownRateUsed = isRateUsed(bucket, now.ms);
    const { id: connectionId } = connection;
    const call = { connectionId, intervalUs: bucket.intervalUs, epoch: tenantEpoch, retryAfterMs, ownRateUsed };
    const counted = countTenantRefused(tenant.quota, call, now.ms);
    tenant.quota = counted.tenant;
    const closed = { ...bucket, closedUntilMs: Math.max(bucket.closedUntilMs, now.ms + retryAfterMs) };
    replaceBucket(connection, counted.isTenants ? closed : countRefused(bucket, epoch, now.ms, retryAfterMs), now);
    return;
  }
  const counted = quota === 'accepted' ? countAccepted(bucket, epoch) : bucket;
  // A closure without a throttle (a 503 with Retry-After) says nothing about the rate.
  const closedUntilMs = Math.max(counted.closedUntilMs, closeMs > 0 ? now.ms + Math.ceil(closeMs) : 0);
  replaceBucket(connection, { ...counted, closedUntilMs }, now);
}

function settleBlock(connection: Connection, { block, quota, failed, target }: CallSettlement, now: Now): boolean {
  const before = connection.block;
  if (block !== null) beginBlock(connection, block, now);
  if (block?.kind === 'held' && target === 'missing' && connection.block !== null)
    connection.block = { ...connection.block, gone: true };
  if (block !== null || before === null || (quota !== 'accepted' && failed !== false)) return false;
  endBlock(connection, now);
  return true;
}
