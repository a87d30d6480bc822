import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  activeBucket,
  countTenantAccepted,
  countTenantRefused,
  intervalOfBoth,
  TENANT_ACTIVE_MS,
  TENANT_UNLIMITED,
  tenantQuotaSettings,
} from './tenant-quota.ts';

const NOW_MS = 1_750_000_000_000;
const refusedBy = (connectionId: string, epoch = 0) => ({
  connectionId,
  intervalUs: 50_000,
  epoch,
  retryAfterMs: 1000,
  ownRateUsed: false,
});

function activeTenant() {
  const first = countTenantRefused(TENANT_UNLIMITED, refusedBy('hr'), NOW_MS);
  return countTenantRefused(first.tenant, refusedBy('tickets'), NOW_MS + 10).tenant;
}

test('the first refusal is its connection’s, the second within 2 s of another connection is the tenant’s', () => {
  const first = countTenantRefused(TENANT_UNLIMITED, refusedBy('hr'), NOW_MS);
  assert.deepEqual([first.isTenants, first.tenant.bucket], [false, null]);
  for (const [by, afterMs, isTenants] of [
    ['hr', 10, false],
    ['tickets', 2001, false],
    ['tickets', 2000, true],
  ] as const) {
    assert.equal(countTenantRefused(first.tenant, refusedBy(by), NOW_MS + afterMs).isTenants, isTenants);
  }
});

test('while it is active, a refusal of a connection that its own bucket alone slowed down is that connection’s', () => {
  const tenant = activeTenant();
  const own = { ...refusedBy('wiki', 1), ownRateUsed: true };
  assert.deepEqual(countTenantRefused(tenant, own, NOW_MS + 5000), { tenant, isTenants: false });
  const before = { ...refusedBy('wiki', 0), ownRateUsed: true };
  assert.equal(countTenantRefused(tenant, before, NOW_MS + 20).isTenants, true, 'granted before it was known');
});

test('the late 429s of the calls that were in flight prolong its closure and are no second one', () => {
  const tenant = activeTenant();
  const late = countTenantRefused(tenant, refusedBy('wiki', 0), NOW_MS + 500).tenant;
  assert.equal(late.bucket?.epoch, 1);
  assert.equal(late.bucket?.refusal, null);
  assert.equal(late.bucket?.closedUntilMs, NOW_MS + 1500);
});

test('each coincidence prolongs its ten minutes, a refusal alone does not', () => {
  const tenant = activeTenant();
  const alone = countTenantRefused(tenant, refusedBy('hr', 1), NOW_MS + 60_000).tenant;
  assert.equal(alone.activeUntilMs, tenant.activeUntilMs);
  const together = countTenantRefused(alone, refusedBy('wiki', 1), NOW_MS + 61_000).tenant;
  assert.equal(together.activeUntilMs, NOW_MS + 61_000 + TENANT_ACTIVE_MS);
});

test('a closure longer than ten minutes is not forgotten before its end', () => {
  const first = countTenantRefused(TENANT_UNLIMITED, { ...refusedBy('hr'), retryAfterMs: 3_600_000 }, NOW_MS).tenant;
  const { tenant } = countTenantRefused(first, refusedBy('tickets'), NOW_MS + 10);
  assert.equal(tenant.activeUntilMs, NOW_MS + 3_600_000);
});

test('calls count only while it is active, and only those granted since it opened', () => {
  const tenant = activeTenant();
  assert.equal(countTenantAccepted(tenant, 0, NOW_MS + 2000).bucket?.accepted, 0);
  assert.equal(countTenantAccepted(tenant, 1, NOW_MS + 2000).bucket?.accepted, 1);
  assert.equal(countTenantAccepted(tenant, 1, tenant.activeUntilMs), tenant);
  assert.equal(activeBucket(tenant, tenant.activeUntilMs), null);
});

test('two rates together are the sum, in whole microseconds and never none', () => {
  assert.equal(intervalOfBoth(50_000, 50_000), 25_000);
  assert.equal(intervalOfBoth(100_000, 25_000), 20_000);
  assert.equal(intervalOfBoth(1, 1), 1);
});

test('the ceiling of a connection is none of its tenant', () => {
  const settings = { rateInitial: 20, rateMax: 30, probeBudget: 0.006, share: 0.5 };
  assert.deepEqual(tenantQuotaSettings(settings), { ...settings, rateMax: null });
});
