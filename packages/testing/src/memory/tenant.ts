/* quota: the limit of a tenant above its connections, and their turns at it. */
import {
  activeBucket,
  applyLearning,
  type Bucket,
  type InLine,
  isWaiting,
  TENANT_UNLIMITED,
  type TenantQuota,
  waitForTurn,
  wantsLearning,
} from '@sluice/core';
import type { Learned } from './learning.ts';
import type { Connection, Now, State } from './state.ts';

export interface Tenant {
  quota: TenantQuota;
  /** Who had to wait for a token of the tenant, or for others' turns. */
  line: readonly InLine[];
}

export function tenantOf(state: State, id: string): Tenant {
  const known = state.tenants.get(id);
  if (known !== undefined) return known;
  const tenant: Tenant = { quota: TENANT_UNLIMITED, line: [] };
  state.tenants.set(id, tenant);
  return tenant;
}

export function tenantToLearn({ quota }: Tenant, now: Now): Bucket | null {
  const bucket = activeBucket(quota, now.ms);
  return bucket !== null && wantsLearning(bucket, now.ms) ? bucket : null;
}

export function learnTenant(tenant: Tenant, { version, learning }: Learned, now: Now): boolean {
  const { bucket } = tenant.quota;
  const learned = bucket === null ? null : applyLearning(bucket, version, learning, now.ms);
  if (learned !== null) tenant.quota = { ...tenant.quota, bucket: learned };
  return learned !== null;
}

/** Who asks leaves the line; so do those who did not ask again. */
export function leaveLine(tenant: Tenant, connectionId: string, now: Now): void {
  if (activeBucket(tenant.quota, now.ms) === null) return;
  tenant.line = tenant.line.filter((one) => one.connectionId !== connectionId && isWaiting(one, now.ms));
}

/** Until when the connection waits for the tenant's token or its turn; then it stands in line. null: it may go. */
export function standInLine(tenant: Tenant, { id, grantedUs }: Connection, now: Now): number | null {
  const bucket = activeBucket(tenant.quota, now.ms);
  const untilUs = bucket === null ? null : waitForTurn(bucket, { grantedUs, line: tenant.line }, now.us);
  if (untilUs === null) return null;
  tenant.line = [...tenant.line, { connectionId: id, grantedUs, askedMs: now.ms }];
  return Math.ceil(untilUs / 1000);
}
