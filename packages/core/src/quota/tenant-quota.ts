/*
  The limit of a tenant above those of its connections. Graph does not say whose 429 it is, so it is told by coincidence:
  refused is the connection, and when a second one of the same tenant is refused within two seconds, the tenant. Its bucket
  then becomes active for ten minutes from the last coincidence. While it is active every call of the tenant is charged to it
  as well as to its connection's bucket, and a refusal is the tenant's: it is learned from there, and no connection is blamed.
But for one that called as fast as its own bucket let it: the tenant's did not slow it down, so its own limit was met. Else
two connections whose own limits were met together by chance would slow one another down, down to the lower limit.

  The scripts take and settle do exactly what these functions say; a randomised test compares them. The bucket is learned like
  a connection's (learn-quota.ts), from the tenant's own calls. Forgotten is what a lapsed bucket learned, but for its
  interval: what happened while nobody counted would be taken for a run.
*/
import { type Bucket, countAccepted, countRefused, openBucket } from './bucket.ts';
import type { QuotaSettings } from './quota-settings.ts';

export interface TenantQuota {
  /** null: no two connections were ever refused together. */
  readonly bucket: Bucket | null;
  /** Milliseconds since 1970; 0 = never. */
  readonly activeUntilMs: number;
  /** The last refusal of any of its connections. */
  readonly last: TenantRefusal | null;
}

export interface TenantRefusal {
  readonly connectionId: string;
  readonly atMs: number;
  readonly untilMs: number;
  /** The interval of its connection's bucket. */
  readonly intervalUs: number;
}

export const TENANT_UNLIMITED: TenantQuota = { bucket: null, activeUntilMs: 0, last: null };
/** Refusals of two connections so close together have one cause. */
export const TOGETHER_MS = 2000;
export const TENANT_ACTIVE_MS = 600_000;

/** The bucket to charge; null while there is no limit above the connections. */
export function activeBucket({ bucket, activeUntilMs }: TenantQuota, nowMs: number): Bucket | null {
  return activeUntilMs > nowMs ? bucket : null;
}

/** A call granted in the tenant's `epoch` was answered, and not with a throttle. */
export function countTenantAccepted(tenant: TenantQuota, epoch: number, nowMs: number): TenantQuota {
  const bucket = activeBucket(tenant, nowMs);
  return bucket === null ? tenant : { ...tenant, bucket: countAccepted(bucket, epoch) };
}

export interface RefusedCall {
  readonly connectionId: string;
  readonly intervalUs: number;
  /** The tenant's, when the call was granted. */
  readonly epoch: number;
  readonly retryAfterMs: number;
  /** isRateUsed of the connection's bucket. */
  readonly ownRateUsed: boolean;
}

/** `isTenants`: the refusal is the tenant's, and its connection's bucket only closes. */
export function countTenantRefused(
  tenant: TenantQuota,
  { connectionId, intervalUs, epoch, retryAfterMs, ownRateUsed }: RefusedCall,
  nowMs: number,
): { readonly tenant: TenantQuota; readonly isTenants: boolean } {
  const active = activeBucket(tenant, nowMs);
  // A call that was granted before the tenant's limit was known, or before its last closure, is of the event that told of it.
  if (active !== null && ownRateUsed && epoch === active.epoch) return { tenant, isTenants: false };
  const last = { connectionId, atMs: nowMs, untilMs: nowMs + retryAfterMs, intervalUs };
  const together = isTogether(tenant.last, last) ? tenant.last : null;
  if (together === null) {
    const bucket = active === null ? tenant.bucket : countRefused(active, epoch, nowMs, retryAfterMs);
    return { tenant: { ...tenant, bucket, last }, isTenants: active !== null };
  }
  const counted =
    active === null
      ? reopen(tenant.bucket, intervalOfBoth(together.intervalUs, intervalUs), Math.max(together.untilMs, last.untilMs))
      : countRefused(active, epoch, nowMs, retryAfterMs);
  const closedUntilMs = Math.max(counted.closedUntilMs, together.untilMs);
  const activeUntilMs = Math.max(nowMs + TENANT_ACTIVE_MS, closedUntilMs);
  return { tenant: { bucket: { ...counted, closedUntilMs }, activeUntilMs, last }, isTenants: true };
}

function isTogether(before: TenantRefusal | null, refusal: TenantRefusal): before is TenantRefusal {
  return before !== null && before.connectionId !== refusal.connectionId && refusal.atMs - before.atMs <= TOGETHER_MS;
}

/** The interval at the sum of two rates. */
export function intervalOfBoth(a: number, b: number): number {
  return Math.max(1, Math.floor((a * b) / (a + b) + 0.5));
}

/** A new window, that begins when the closure ends; calls granted before are of another epoch. */
function reopen(before: Bucket | null, intervalUs: number, untilMs: number): Bucket {
  const closedUntilMs = Math.max(before?.closedUntilMs ?? 0, untilMs);
  return {
    ...openBucket(before?.intervalUs ?? intervalUs, closedUntilMs),
    version: (before?.version ?? 0) + 1,
    epoch: (before?.epoch ?? 0) + 1,
    tatUs: closedUntilMs * 1000,
    closedUntilMs,
  };
}

/** The configured ceiling is one of each connection, so the tenant has none. */
export function tenantQuotaSettings(settings: QuotaSettings): QuotaSettings {
  return { ...settings, rateMax: null };
}
