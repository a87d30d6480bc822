/* The limit of a tenant above its connections: told by coincidence, charged beside theirs, shared in turns. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { applyLearning, countAccepted, intervalOfBoth, type Lease, TENANT_ACTIVE_MS, TOGETHER_MS } from '@sluice/core';
import { ACK, CONNECTION, makeEntries, makeRequeue, TENANT } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, saidBy, withStore } from './steps.ts';

const INTERVAL_US = 50_000;
const QUICK = { entriesMax: 1, lingerMs: 0, intervalInitialUs: INTERVAL_US };
const OTHER = 'tickets';
const THIRD = 'wiki';
const requeued = makeRequeue({ counted: false });

export function tenantContract(makeStore: MakeStore): void {
  test('one refused connection closes itself alone, however often; its tenant has no limit', () =>
    withStore(makeStore, async (steps) => {
      await fill(steps);
      await refuse(steps, await call(steps, CONNECTION), CONNECTION, 100);
      await steps.advance(100);
      await refuse(steps, await call(steps, CONNECTION), CONNECTION, 100);
      const { bucket, activeUntilMs } = await steps.store.tenantQuota(TENANT);
      assert.deepEqual([bucket, activeUntilMs], [null, 0]);
      await call(steps, OTHER);
    }));

  test('a second one refused within 2 s closes the tenant for the later Retry-After, at the sum of their rates', () =>
    withStore(makeStore, async (steps) => {
      const { nowMs, advance, store, refusal } = steps;
      await fill(steps);
      const [first, second] = [await call(steps, CONNECTION), await call(steps, OTHER)];
      await refuse(steps, first, CONNECTION, 5000);
      const closedUntilMs = (await nowMs()) + 5000;
      await advance(TOGETHER_MS);
      const before = (await store.connection(OTHER))!.bucket!;
      const settled = await refuse(steps, second, OTHER, 1000);
      const now = await nowMs();
      const { bucket, activeUntilMs } = await store.tenantQuota(TENANT);
      assert.equal(activeUntilMs, now + TENANT_ACTIVE_MS);
      assert.equal(bucket?.intervalUs, intervalOfBoth(INTERVAL_US, INTERVAL_US));
      assert.deepEqual([bucket?.closedUntilMs, bucket?.sinceMs, bucket?.granted], [closedUntilMs, closedUntilMs, 0]);
      assert.deepEqual(settled.learnTenant, bucket);
      assert.deepEqual((await store.connection(OTHER))!.bucket, { ...before, closedUntilMs: now + 1000 }, 'not blamed');
      assert.deepEqual(saidBy(await refusal({ ...QUICK, connectionId: THIRD })), {
        reason: 'closed',
        untilMs: closedUntilMs,
      });
      await advance(closedUntilMs - now);
      await call(steps, THIRD);
    }));

  test('refusals further apart, or of another tenant, are no coincidence', () =>
    withStore(makeStore, async (steps) => {
      await fill(steps);
      const calls = [await call(steps, CONNECTION), await call(steps, OTHER)];
      const foreign = await steps.lease({ ...QUICK, connectionId: THIRD, tenantId: 'fabrikam' });
      await refuse(steps, calls[0]!, CONNECTION, 10);
      await steps.settle(
        foreign,
        requeued,
        { quota: 'refused', closeMs: 10, failed: null },
        { connectionId: THIRD, tenantId: 'fabrikam' },
      );
      await steps.advance(TOGETHER_MS + 1);
      await refuse(steps, calls[1]!, OTHER, 10);
      for (const tenant of [TENANT, 'fabrikam']) assert.equal((await steps.store.tenantQuota(tenant)).bucket, null);
    }));

  test('while it is active every call is charged to it as well, and refusals of any connection are its own', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, settle } = steps;
      await activate(steps);
      const taken = await call(steps, CONNECTION);
      const before = (await store.tenantQuota(TENANT)).bucket!;
      assert.equal(before.granted, 1);
      assert.deepEqual([taken.tenantEpoch, before.epoch], [1, 1]);
      await settle(taken, ACK, {}, { connectionId: CONNECTION });
      assert.deepEqual((await store.tenantQuota(TENANT)).bucket, countAccepted(before, 1));
      await advance(100);
      const next = await call(steps, CONNECTION);
      const epoch = (await store.connection(CONNECTION))!.bucket!.epoch;
      const settled = await refuse(steps, next, CONNECTION, 700);
      const { bucket } = await store.tenantQuota(TENANT);
      assert.deepEqual([bucket?.epoch, bucket?.refusal?.retryAfterMs], [2, 700]);
      assert.deepEqual(settled.learnTenant, bucket);
      assert.equal((await store.connection(CONNECTION))!.bucket!.epoch, epoch, 'not blamed');
      assert.equal((await steps.refusal({ ...QUICK, connectionId: OTHER })).reason, 'closed');
      assert.equal((await store.connection(OTHER))!.state, 'closed', 'its awake clock stands still');
    }));

  test('what it learns is written for its version only', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, nowMs } = steps;
      await activate(steps);
      await advance(500);
      const bucket = (await store.tenantQuota(TENANT)).bucket!;
      const learning = { memory: 'm', intervalUs: 20_000, learnAtMs: (await nowMs()) + 9000, closedUntilMs: 0 };
      assert.equal(await store.learnTenant(TENANT, bucket.version + 1, learning), false);
      assert.equal(await store.learnTenant(TENANT, bucket.version, learning), true);
      const learned = applyLearning(bucket, bucket.version, learning, await nowMs());
      assert.deepEqual((await store.tenantQuota(TENANT)).bucket, learned);
      assert.equal((await call(steps, CONNECTION)).learnTenant, null);
    }));

  test('ten minutes after the last coincidence it is forgotten, but for its rate when it comes back', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance } = steps;
      await activate(steps);
      const { version } = (await store.tenantQuota(TENANT)).bucket!;
      const slow = { memory: 'm', intervalUs: 400_000, learnAtMs: 0, closedUntilMs: 0 };
      await store.learnTenant(TENANT, version, slow);
      const left = (await store.tenantQuota(TENANT)).activeUntilMs - (await steps.nowMs());
      await advance(left - 1);
      await call(steps, CONNECTION);
      assert.equal((await steps.refusal({ ...QUICK, connectionId: OTHER })).reason, 'quota');
      await advance(1);
      const [first, second] = [await call(steps, OTHER), await call(steps, THIRD)];
      await refuse(steps, first, OTHER, 10);
      await refuse(steps, second, THIRD, 10);
      const { bucket } = await store.tenantQuota(TENANT);
      assert.deepEqual([bucket?.memory, bucket?.intervalUs, bucket?.version], ['', 400_000, version + 2]);
    }));

  test('a refused connection that called as fast as its own bucket let it is blamed alone, and its tenant stays open', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, nowMs } = steps;
      await activate(steps);
      const { version } = (await store.connection(CONNECTION))!.bucket!;
      const own = { memory: '', intervalUs: INTERVAL_US, learnAtMs: (await nowMs()) + 60_000, closedUntilMs: 0 };
      await store.learn(CONNECTION, version, own);
      const tenant = await store.tenantQuota(TENANT);
      await store.learnTenant(TENANT, tenant.bucket!.version, { ...own, intervalUs: 1 });
      await call(steps, CONNECTION);
      await advance(INTERVAL_US / 1000);
      const last = await call(steps, CONNECTION);
      const before = await store.tenantQuota(TENANT);
      await refuse(steps, last, CONNECTION, 500);
      assert.deepEqual(await store.tenantQuota(TENANT), before);
      assert.equal((await store.connection(CONNECTION))!.bucket!.refusal?.retryAfterMs, 500);
      await call(steps, OTHER);
    }));

  test('a connection that was granted a call later yields to one that is waiting; who does not ask again is not waited for', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, refusal, nowMs } = steps;
      await activate(steps);
      const { version } = (await store.tenantQuota(TENANT)).bucket!;
      await store.learnTenant(TENANT, version, { memory: '', intervalUs: 100_000, learnAtMs: 0, closedUntilMs: 0 });
      await call(steps, OTHER);
      await advance(100);
      await call(steps, CONNECTION);
      const token = (await nowMs()) + 100;
      await advance(50);
      // Both wait for the same token: it is of the one that went earlier, and the other comes after it.
      const other = saidBy(await refusal({ ...QUICK, connectionId: OTHER }));
      const later = saidBy(await refusal({ ...QUICK, connectionId: CONNECTION }));
      assert.deepEqual(other, { reason: 'quota', untilMs: token });
      assert.deepEqual(later, { reason: 'quota', untilMs: token + 100 });
      await advance(50);
      assert.equal((await refusal({ ...QUICK, connectionId: CONNECTION })).reason, 'quota', 'it is not its turn');
      await call(steps, OTHER);
      await advance(100);
      assert.equal((await refusal({ ...QUICK, connectionId: OTHER })).reason, 'quota', 'it is not its turn');
      await call(steps, CONNECTION);
      await advance(40);
      await refusal({ ...QUICK, connectionId: OTHER });
      await advance(300);
      assert.equal((await refusal({ ...QUICK, connectionId: CONNECTION })).reason, 'quota');
      await advance(1);
      await call(steps, CONNECTION);
    }));

  test('a connection with nothing ready stands in nobody’s way', () =>
    withStore(makeStore, async (steps) => {
      const { advance, refusal, append } = steps;
      await activate(steps);
      await append('late', makeEntries(1), { connectionId: 'idle' });
      await call(steps, CONNECTION);
      assert.equal(
        (await refusal({ ...QUICK, lingerMs: 1000, entriesMax: 20, connectionId: 'idle' })).reason,
        'linger',
      );
      await advance(100);
      await call(steps, CONNECTION);
    }));
}

async function fill({ append }: Steps): Promise<void> {
  for (const connectionId of [CONNECTION, OTHER, THIRD]) await append('a', makeEntries(20), { connectionId });
}

function call({ lease }: Steps, connectionId: string): Promise<Lease> {
  return lease({ ...QUICK, connectionId });
}

function refuse({ settle }: Steps, taken: Lease, connectionId: string, closeMs: number) {
  return settle(taken, requeued, { quota: 'refused', closeMs, failed: null }, { connectionId });
}

/** Two connections refused together, and the closure over. */
async function activate(steps: Steps): Promise<void> {
  await fill(steps);
  const [first, second] = [await call(steps, CONNECTION), await call(steps, OTHER)];
  await refuse(steps, first, CONNECTION, 1000);
  await refuse(steps, second, OTHER, 1000);
  await steps.advance(1000);
}
