import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '@sluice/config';
import type { ConnectionView, FleetNotes, TenantQuota } from '@sluice/core';
import { createMemoryActivityStore, manualClock } from '@sluice/testing';
import { measureFleet } from './measure-fleet.ts';

const NOW_MS = 1_700_000_000_000;
const NO_QUOTA: TenantQuota = { bucket: null, activeUntilMs: 0, last: null };
const bucketOf = (callsPerSecond: number) => ({ intervalUs: 1e6 / callsPerSecond }) as TenantQuota['bucket'];

interface Seen {
  readonly variables?: Readonly<Record<string, string>>;
  readonly notes?: Partial<FleetNotes>;
  readonly view?: Partial<ConnectionView>;
  readonly tenantQuota?: TenantQuota;
  readonly callSeconds?: number;
  readonly level?: string | null;
}

/** A fleet of one connection with 1,000 entries ready and a limit of 50 calls a second that are answered at once. */
function measure({ variables = {}, notes, view, tenantQuota = NO_QUOTA, callSeconds = 1, level = null }: Seen) {
  const { config } = loadConfig({ SLUICE_INFLIGHT_MAX: '1000', SLUICE_WORKER_CALLS_MAX: '10', ...variables });
  const seen = { connectionId: 'hr', state: 'flowing', pending: 1000, delayed: 0, inFlightLimit: null, ...view };
  return measureFleet({
    config,
    store: {
      ...createMemoryActivityStore(manualClock()),
      connectionIds: async () => ['hr'],
      connections: async () => [{ bucket: bucketOf(50), ...seen } as ConnectionView],
      tenantQuota: async (tenant) => (tenant === 'default' ? tenantQuota : assert.fail(tenant)),
      fleetNotes: async () => ({ nowMs: NOW_MS, idsForgottenMs: null, credentialExpiryMs: new Map(), ...notes }),
    },
    rates: { of: () => ({ callSeconds }) as never },
    durability: () => level,
  });
}

test('useful workers follow the learned limit, that of calls in flight, and that of the tenant while it is in force', async () => {
  const of = async (seen: Seen) => (await measure(seen)).usefulWorkers;
  assert.equal(await of({}), 5, '50 calls in flight');
  assert.equal(await of({ callSeconds: 2 }), 10);
  assert.equal(await of({ view: { bucket: null } }), 2, 'SLUICE_RATE_INITIAL before the first call');
  assert.equal(await of({ view: { inFlightLimit: 30 } }), 3, 'lowered after failures');
  assert.equal(await of({ view: { inFlightLimit: 2000 }, variables: { SLUICE_INFLIGHT_MAX: '20' } }), 2);
  const tenantQuota = { ...NO_QUOTA, bucket: bucketOf(20), activeUntilMs: NOW_MS + 1 };
  assert.equal(await of({ tenantQuota }), 2);
  assert.equal(await of({ tenantQuota: { ...tenantQuota, activeUntilMs: NOW_MS } }), 5, 'forgotten');
  assert.equal(await of({ view: { connectionId: 'gone' }, variables: { SLUICE_CONNECTIONS: 'wiki' } }), 5);
});

test('the window is what is kept of the ids: shorter while there are too many, and never longer than set', async () => {
  const of = async (notes: Partial<FleetNotes>) => (await measure({ notes })).dedupeWindowMs;
  assert.equal(await of({}), 86_400_000);
  assert.equal(await of({ idsForgottenMs: NOW_MS - 60_000 }), 60_000);
  assert.equal(await of({ idsForgottenMs: NOW_MS - 90_000_000 }), 86_400_000);
});

test('durability is kept from what is promised on; nobody’s word counts against what Redis says', async () => {
  const of = async (level: string | null, variables: Record<string, string> = {}) =>
    (await measure({ level, variables })).durability;
  assert.equal(await of(null), null);
  for (const [level, kept] of [
    ['memory', false],
    ['fsync-1s', true],
    ['fsync', true],
    ['unknown', false],
  ] as const)
    assert.deepEqual(await of(level), { level, kept });
  const vouched = { SLUICE_DURABILITY_ASSUME: 'fsync' };
  assert.deepEqual(await of('unknown', vouched), { level: 'unknown', kept: true });
  assert.deepEqual(await of('memory', vouched), { level: 'memory', kept: false });
});

test('of two tenants each has its own end of its credential, and one that is configured no more has none', async () => {
  const credentialExpiryMs = new Map([
    ['default', 5],
    ['gone', 6],
  ]);
  const fleet = await measure({ notes: { credentialExpiryMs } });
  assert.deepEqual([...fleet.credentialExpiryMs], [['default', 5]]);
});
