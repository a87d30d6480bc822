/* A lease whose time is over is a call whose outcome nobody knows. It ends when somebody reclaims it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, read, withStore } from './steps.ts';

const SHORT = { lingerMs: 0, leaseMs: 1000, callTimeoutMs: 900 };

export function reclaimContract(makeStore: MakeStore): void {
  test('the entries of an expired lease come back to the head in order, without an attempt, counted as unknown', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, view }) => {
      await append('a', makeEntries(3));
      await lease({ ...SHORT, entriesMax: 2 });
      await advance(999);
      await lease(SHORT);
      assert.equal((await refusal(SHORT)).reason, 'empty');
      await advance(1);
      const again = await lease(SHORT);
      assert.deepEqual(indicesOf(again), [0, 1]);
      assert.deepEqual(
        again.entries.map((entry) => read(entry).attempts),
        [0, 0],
      );
      const { unknown, retried, pending } = await view();
      assert.deepEqual([unknown, retried, pending], [2, 0, 3]);
    }));

  test('a settlement that comes after the reclaim changes no entry, but what its call says of the quota counts, once', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, view, nowMs }) => {
      await append('a', makeEntries(2));
      const late = await lease(SHORT);
      await advance(1000);
      const again = await lease(SHORT);
      const now = await nowMs();
      const settled = await settle(late, ACK, { quota: 'refused', closeMs: 2000, failed: true });
      assert.equal(settled.status, 'stale');
      const seen = await view();
      assert.deepEqual([seen.delivered, seen.pending, seen.leased, seen.staleSettles], [0, 2, 2, 1]);
      assert.deepEqual([seen.bucket?.epoch, seen.bucket?.closedUntilMs], [1, now + 2000]);
      assert.equal((await settle(late, ACK, { quota: 'refused', closeMs: 9000 })).status, 'again');
      assert.deepEqual(await view(), seen);
      assert.equal((await settle(again, ACK)).status, 'settled');
      assert.equal((await view()).delivered, 2);
    }));

  test('a take must come by the end of an open lease, though a retry is due only long after', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, refusal, nowMs }) => {
      await append('a', makeEntries(2));
      const retried = await lease({ ...SHORT, entriesMax: 1 });
      await advance(10);
      await lease({ ...SHORT, entriesMax: 1 });
      const ends = (await nowMs()) + SHORT.leaseMs;
      await settle(retried, makeRequeue({ delayMs: 300_000 }));
      const { reason, untilMs } = await refusal(SHORT);
      assert.deepEqual([reason, untilMs], ['retry', ends]);
    }));

  test('at most four leases are reclaimed at a take, those that expired first', () =>
    withStore(makeStore, async ({ append, advance, lease, view }) => {
      await append('a', makeEntries(6));
      for (const leaseMs of [60, 50, 40, 30, 20, 10])
        await lease({ ...SHORT, leaseMs, callTimeoutMs: 5, entriesMax: 1 });
      await advance(1000);
      assert.deepEqual(indicesOf(await lease(SHORT)).toSorted(), [2, 3, 4, 5]);
      assert.equal((await view()).unknown, 4);
      assert.deepEqual(indicesOf(await lease(SHORT)).toSorted(), [0, 1]);
    }));

  test('a reclaimed half of a bisected call comes back as it was: whole, and due now', () =>
    withStore(makeStore, async ({ append, advance, lease, settle }) => {
      await append('a', makeEntries(4));
      const halves = [0, 0, 1, 1].map((group) => makeRequeue({ group, counted: false }));
      await settle(await lease(SHORT), halves, { groupsWhole: true });
      assert.deepEqual(indicesOf(await lease(SHORT)), [0, 1]);
      await advance(1000);
      const seen = [await lease(SHORT), await lease(SHORT)];
      assert.deepEqual(
        seen.map((half) => [half.why, half.whole, indicesOf(half)]),
        [
          ['whole', true, [2, 3]],
          ['whole', true, [0, 1]],
        ],
      );
    }));

  test('where unknown outcomes are parked, an expired lease is parked with its reason and never sent again', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, settle, view }) => {
      const receiptId = 's0receipt-0001';
      await append('a', makeEntries(2, { receiptRef: 'receipt-0001' }), { receiptId });
      const late = await lease(SHORT);
      await advance(1000);
      assert.equal((await refusal({ ...SHORT, unknownPolicy: 'park' })).reason, 'empty');
      const { parked, parkedEntries, unknown, pending, state } = await view();
      assert.deepEqual([parked, parkedEntries, unknown, pending, state], [2, 2, 2, 0, 'idle']);
      const receipt = await store.receipt(receiptId);
      assert.equal(receipt?.final, true);
      assert.deepEqual(
        receipt?.entries.map(({ index, state: end, itemId, code, attempts }) => [index, end, itemId, code, attempts]),
        [
          [0, 'parked', 'a', 'lease_reclaimed', 0],
          [1, 'parked', 'a', 'lease_reclaimed', 0],
        ],
      );
      assert.equal((await settle(late, ACK)).status, 'stale');
      assert.equal((await view()).delivered, 0);
    }));

  test('a paused or closed connection still gets back what expired', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, view }) => {
      await append('a', makeEntries(2));
      await lease(SHORT);
      await store.pause('hr');
      await advance(1000);
      assert.equal((await refusal(SHORT)).reason, 'paused');
      const { leased, unknown } = await view();
      assert.deepEqual([leased, unknown], [0, 2]);
    }));
}
