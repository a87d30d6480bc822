/* take: when no call may be made, for which reason, and until when. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, makeEntries, makeRequeue, makeTake } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, saidBy, withStore } from './steps.ts';

const HOUR_MS = 3_600_000;

export function refusalContract(makeStore: MakeStore): void {
  test('a connection that never had an entry has nothing to call for', () =>
    withStore(makeStore, async ({ store }) => {
      const refusal = await store.take(makeTake({ connectionId: 'nobody' }));
      assert.deepEqual(refusal.status === 'waiting' && saidBy(refusal), { reason: 'empty', untilMs: null });
      assert.equal(refusal.learn, null);
      assert.equal(await store.connection('nobody'), null);
    }));

  test('of several reasons the first counts: paused, held, closed, in flight, quota, nothing ready', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(60));
      const times = { leaseMs: HOUR_MS, callTimeoutMs: HOUR_MS - 5000, inFlightMax: 1 };
      const first = await lease(times);
      const second = await lease({ ...times, inFlightMax: 2 });
      const slow = { memory: '', intervalUs: 60_000_000, learnAtMs: 0, closedUntilMs: 0 };
      assert.equal(await store.learn('hr', 0, slow), true);
      await lease({ ...times, inFlightMax: 3 });
      const start = await nowMs();
      const block = { kind: 'held', reason: 'forbidden', probeEveryMs: 1000 } as const;
      await settle(first, ACK, { quota: 'refused', closeMs: 30_000, failed: null });
      await settle(second, ACK, { quota: 'none', failed: null, block });
      await store.pause('hr');
      assert.deepEqual(saidBy(await refusal(times)), { reason: 'paused', untilMs: null });
      await store.resume('hr');
      // Resuming ended the hold as well, so it is made again by a call that was lost from sight.
      const ghost = { ...first, leaseId: 'ghost' };
      await settle(ghost, [], { quota: 'none', failed: null, block });
      assert.deepEqual(saidBy(await refusal(times)), { reason: 'held', untilMs: start + 1000 });
      await advance(1000);
      assert.deepEqual(saidBy(await refusal(times)), { reason: 'closed', untilMs: start + 30_000 });
      await advance(29_000);
      const now = await nowMs();
      assert.deepEqual(saidBy(await refusal(times)), { reason: 'inflight', untilMs: now + 500 });
      const quota = saidBy(await refusal({ ...times, inFlightMax: 9 }));
      assert.equal(quota.reason, 'quota');
      await advance(quota.untilMs! - now - 1);
      assert.equal((await refusal({ ...times, inFlightMax: 9 })).reason, 'quota');
      await append('b', makeEntries(1));
      await advance(1);
      assert.equal((await refusal({ ...times, inFlightMax: 9 })).reason, 'linger');
    }));

  test('the leases younger than the call timeout are the calls in flight, for the whole fleet', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal }) => {
      await append('a', makeEntries(9));
      const bounds = { lingerMs: 0, entriesMax: 1, inFlightMax: 2, callTimeoutMs: 1000 };
      await lease(bounds);
      await advance(400);
      await lease(bounds);
      await advance(599);
      assert.equal((await refusal(bounds)).reason, 'inflight');
      await advance(1);
      await lease(bounds);
      assert.equal((await refusal(bounds)).reason, 'inflight');
    }));

  test('a refusal spends no token and learns nothing of a quota', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, view }) => {
      await append('a', makeEntries(1));
      const refused = await refusal();
      assert.equal(refused.reason, 'linger');
      assert.equal(refused.learn, null);
      assert.equal((await view()).bucket, null);
      await advance(1000);
      await lease();
      assert.equal((await view()).bucket?.granted, 1);
      await refusal();
      assert.equal((await view()).bucket?.granted, 1);
    }));

  test('with only retries left it is told when the first is due, and it goes then without lingering again', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(2));
      await advance(1000);
      await settle(await lease(), [makeRequeue({ delayMs: 7000 }), makeRequeue({ delayMs: 3000, group: 1 })]);
      const now = await nowMs();
      assert.deepEqual(saidBy(await refusal()), { reason: 'retry', untilMs: now + 3000 });
      await advance(2999);
      assert.equal((await refusal()).reason, 'retry');
      await advance(1);
      assert.deepEqual(indicesOf(await lease()), [1]);
    }));

  test('it is told the earlier of the lingering head and the first retry', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(1));
      await advance(1000);
      await settle(await lease(), makeRequeue({ delayMs: 900 }));
      await append('b', makeEntries(1));
      const now = await nowMs();
      assert.deepEqual(saidBy(await refusal()), { reason: 'retry', untilMs: now + 900 });
      assert.deepEqual(saidBy(await refusal({ lingerMs: 800 })), { reason: 'linger', untilMs: now + 800 });
    }));

  test('with everything leased it is told when the first lease can be reclaimed; with nothing, nothing', () =>
    withStore(makeStore, async ({ append, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(2));
      const leases = [
        await lease({ lingerMs: 0, entriesMax: 1, leaseMs: 40_000 }),
        await lease({ lingerMs: 0, entriesMax: 1, leaseMs: 30_000 }),
      ];
      const now = await nowMs();
      assert.deepEqual(saidBy(await refusal()), { reason: 'empty', untilMs: now + 30_000 });
      for (const one of leases) await settle(one, ACK);
      assert.deepEqual(saidBy(await refusal()), { reason: 'empty', untilMs: null });
    }));
}
