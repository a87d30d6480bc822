/* take: a `viewed` that is too old when its turn comes has its end without a call. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, makeEntries, makeEntry, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { CLOCK_START_MS } from '../manual-clock.ts';
import { indicesOf, saidBy, withStore } from './steps.ts';

const REF = 'receipt-0001';
const ID = `s0${REF}`;
const HOUR_MS = 3_600_000;
const NOW = { lingerMs: 0, viewedAgeMaxMs: HOUR_MS };
/** Entries of different pairs that began at `startMs` or up to a second later. */
function begunAt(startMs: number, type: 'viewed' | 'modified', { from, count }: { from: number; count: number }) {
  return Array.from({ length: count }, (_, n) =>
    makeEntry({ type, startMs: startMs + from + n, index: from + n, receiptRef: REF }),
  );
}
const fresh = (from: number, count: number) => begunAt(CLOCK_START_MS, 'viewed', { from, count });
const old = (from: number, count: number) => begunAt(CLOCK_START_MS - 2 * HOUR_MS, 'viewed', { from, count });

export function expireContract(makeStore: MakeStore): void {
  test('only a viewed expires, by its start and not by its arrival, and the others of its item go', () =>
    withStore(makeStore, async ({ store, append, lease, settle, view }) => {
      const modified = begunAt(CLOCK_START_MS - 9 * HOUR_MS, 'modified', { from: 6, count: 2 });
      await append('a', [...old(0, 2), ...fresh(2, 2), ...old(4, 2), ...modified], { receiptId: ID });
      const call = await lease(NOW);
      assert.deepEqual(indicesOf(call), [2, 3, 6, 7]);
      const { pending, expired, appended } = await view();
      assert.deepEqual({ pending, expired, appended }, { pending: 4, expired: 4, appended: 8 });
      await settle(call, ACK);
      const receipt = await store.receipt(ID);
      assert.deepEqual([receipt?.counts.expired, receipt?.counts.delivered, receipt?.final], [4, 4, true]);
      assert.deepEqual([(await view()).state, (await view()).deadLetters], ['idle', 0]);
    }));

  test('without a bound nothing expires; exactly at the bound neither', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal }) => {
      await append('a', old(0, 1));
      assert.deepEqual(indicesOf(await lease({ ...NOW, viewedAgeMaxMs: null })), [0]);
      await append('b', fresh(1, 1));
      await append('c', fresh(2, 1));
      await advance(HOUR_MS + 1);
      assert.deepEqual(indicesOf(await lease(NOW)), [1]);
      await advance(2);
      assert.equal((await refusal(NOW)).reason, 'empty');
    }));

  test('what expires costs no token and no call: the next item goes in the same take', () =>
    withStore(makeStore, async ({ append, advance, lease, view }) => {
      await append('a', old(0, 3));
      await advance(1);
      await append('b', fresh(3, 1));
      const call = await lease(NOW);
      assert.deepEqual([call.itemId, indicesOf(call)], ['b', [3]]);
      const { bucket, leases, expired } = await view();
      assert.deepEqual([bucket?.granted, leases, expired], [1, 1, 3]);
    }));

  test('a take lets a bounded number expire and asks to be called again at once', () =>
    withStore(makeStore, async ({ append, refusal, lease, view, nowMs }) => {
      await append('a', old(0, 500));
      await append('b', fresh(500, 1));
      const said = await refusal(NOW);
      assert.deepEqual(saidBy(said), { reason: 'expired', untilMs: await nowMs() });
      assert.equal((await view()).expired, 480);
      assert.deepEqual(indicesOf(await lease(NOW)), [500]);
      assert.equal((await view()).expired, 500);
    }));

  test('nothing expires while its turn cannot come', () =>
    withStore(makeStore, async ({ store, append, refusal, view, lease, settle, advance }) => {
      await append('a', fresh(0, 1));
      await settle(await lease(NOW), ACK, { quota: 'refused', closeMs: 5000, failed: null });
      await append('a', old(1, 1));
      assert.equal((await refusal(NOW)).reason, 'closed');
      await advance(5000);
      await store.pause('hr');
      assert.equal((await refusal(NOW)).reason, 'paused');
      assert.equal((await view()).expired, 0);
      await store.resume('hr');
      assert.equal((await refusal(NOW)).reason, 'empty');
      assert.equal((await view()).expired, 1);
    }));

  test('a bisected half goes without those that expired meanwhile, and not at all when all have', () =>
    withStore(makeStore, async ({ append, lease, settle, advance, refusal, view }) => {
      const [mixed] = makeEntries(1, { from: 3, type: 'created' });
      await append('a', [...fresh(0, 3), mixed!]);
      const halves = [0, 0, 1, 1].map((group) => makeRequeue({ group, counted: false, delayMs: HOUR_MS + 9 }));
      await settle(await lease(NOW), halves, { groupsWhole: true });
      await advance(HOUR_MS + 9);
      const call = await lease(NOW);
      assert.deepEqual([call.whole, indicesOf(call)], [true, [3]]);
      await settle(call, ACK);
      assert.equal((await refusal(NOW)).reason, 'empty');
      const { expired, delayed, delivered, pending } = await view();
      assert.deepEqual({ expired, delayed, delivered, pending }, { expired: 3, delayed: 0, delivered: 1, pending: 0 });
    }));
}
