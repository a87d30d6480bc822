/* What operators look up inside a connection. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ToldCall } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const NOW = { lingerMs: 0, entriesMax: 2 };
const OK: ToldCall = { itemId: 'a', status: '200', requestId: 'request-1', reason: '', durationMs: 12 };
const PARTLY: ToldCall = { itemId: 'a', status: '207', requestId: 'request-2', reason: 'gone: "no"', durationMs: 8 };
const NOTHING = { delivered: 0, retried: 0, dead: 0, parked: 0, stale: false };

export function lookupsContract(makeStore: MakeStore): void {
  test('a settled call can be looked up, newest first, and those not wholly delivered apart', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, nowMs }) => {
      await append('a', makeEntries(4));
      const first = await lease(NOW);
      await settle(first, ACK, {}, { told: OK });
      await advance(5);
      const second = await lease(NOW);
      await settle(second, [ACK, makeDeadLetter()], {}, { told: PARTLY });
      const atMs = await nowMs();
      const partly = { ...NOTHING, ...PARTLY, leaseId: second.leaseId, atMs, delivered: 1, dead: 1 };
      const ok = { ...NOTHING, ...OK, leaseId: first.leaseId, atMs: atMs - 5, delivered: 2 };
      assert.deepEqual(await store.settledCalls(CONNECTION, 'all', 10), [partly, ok]);
      assert.deepEqual(await store.settledCalls(CONNECTION, 'all', 1), [partly]);
      assert.deepEqual(await store.settledCalls(CONNECTION, 'errors', 10), [partly]);
      assert.deepEqual(await store.settledCalls('other', 'all', 10), []);
    }));

  test('a settlement that comes again is told once, one that comes too late as stale', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle }) => {
      await append('a', makeEntries(2));
      const late = await lease({ ...NOW, leaseMs: 1000 });
      await advance(1000);
      const call = await lease(NOW);
      await settle(late, ACK, {}, { told: OK });
      await settle(call, ACK, {}, { told: OK });
      await settle(call, ACK, {}, { told: OK });
      const calls = await store.settledCalls(CONNECTION, 'all', 10);
      assert.deepEqual(
        calls.map(({ leaseId, stale, status }) => [leaseId, stale, status]),
        [
          [call.leaseId, false, '200'],
          [late.leaseId, true, '200'],
          [late.leaseId, false, 'lost'],
        ],
      );
      const [lost] = await store.settledCalls(CONNECTION, 'errors', 10);
      assert.deepEqual([lost?.retried, lost?.itemId], [2, 'a']);
    }));

  test('items are listed by how much waits for them, and by how long', () =>
    withStore(makeStore, async ({ store, append, advance, nowMs }) => {
      const start = await nowMs().catch(() => null);
      assert.equal(start, null);
      for (const [item, count] of [
        ['few', 1],
        ['most', 30],
        ['some', 3],
        ['many', 25],
      ] as const) {
        await append(item, makeEntries(count));
        await advance(10);
      }
      const now = await nowMs();
      const { items, fullest, oldest } = await store.items(CONNECTION, 3);
      const few = { itemId: 'few', entries: 1, oldestAcceptedMs: now - 40 };
      const most = { itemId: 'most', entries: 30, oldestAcceptedMs: now - 30 };
      const some = { itemId: 'some', entries: 3, oldestAcceptedMs: now - 20 };
      const many = { itemId: 'many', entries: 25, oldestAcceptedMs: now - 10 };
      assert.equal(items, 4);
      assert.deepEqual(fullest, [most, many, some]);
      assert.deepEqual(oldest, [few, most, some]);
    }));

  test('one item shows what waits, who is before it, what is in calls, when it is tried again, and its last call', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, nowMs }) => {
      await append('b', makeEntries(1));
      await advance(1);
      await append('a', makeEntries(7));
      const start = await nowMs();
      const first = await lease({ ...NOW, ageBoundMs: 1_000_000 });
      assert.equal(first.itemId, 'a');
      await settle(first, [ACK, makeRequeue({ delayMs: 5000 })], {}, { told: PARTLY });
      const second = await lease({ ...NOW, leaseMs: 30_000 });
      const view = await store.item(CONNECTION, 'a');
      assert.deepEqual([view.waiting, view.entries.length, view.retryGroups, view.nowMs], [3, 3, 1, start]);
      assert.equal(view.itemsBefore, 1);
      assert.deepEqual(view.calls, [{ leaseId: second.leaseId, entries: 2, endsMs: start + 30_000 }]);
      assert.deepEqual(view.retries, [{ entries: 1, dueMs: start + 5000, whole: false }]);
      assert.deepEqual([view.lastCall?.requestId, view.lastCall?.retried], ['request-2', 1]);
      const unknown = await store.item(CONNECTION, 'never-seen');
      assert.deepEqual([unknown.waiting, unknown.itemsBefore, unknown.lastCall], [0, null, null]);
      assert.deepEqual([unknown.calls, unknown.retries], [[], []]);
    }));

  test('calls that left the fate of entries unknown are listed by their client-request-id, newest first, page by page', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, refusal, nowMs }) => {
      await append('a', makeEntries(8));
      const lost = { quota: 'none', failed: true, unknown: { entries: 2, reason: 'timeout: no answer' } } as const;
      const again = makeRequeue({ delayMs: 60_000 });
      const first = await lease(NOW);
      await settle(first, again, lost);
      const startMs = await nowMs();
      await advance(5);
      // Its worker stops, and when its answer comes all the same there is no lease any more.
      const second = await lease({ ...NOW, leaseMs: 1000 });
      await advance(1000);
      await refusal({ ...NOW, lingerMs: 60_000, entriesMax: 20 });
      await settle(second, again, lost);
      const seen = await store.unknownCalls(CONNECTION, null, 10);
      const at = (ms: number) => startMs + ms;
      assert.deepEqual(
        seen.map(({ id, ...call }) => call),
        [
          { leaseId: second.leaseId, itemId: null, entries: 2, reason: 'timeout: no answer', atMs: at(1005) },
          { leaseId: second.leaseId, itemId: 'a', entries: 2, reason: 'lease_reclaimed', atMs: at(1005) },
          { leaseId: first.leaseId, itemId: 'a', entries: 2, reason: 'timeout: no answer', atMs: at(0) },
        ],
      );
      assert.deepEqual(await store.unknownCalls(CONNECTION, null, 1), seen.slice(0, 1));
      assert.deepEqual(await store.unknownCalls(CONNECTION, seen[0]!.id, 10), seen.slice(1));
      assert.deepEqual(await store.unknownCalls(CONNECTION, seen[2]!.id, 10), []);
      assert.deepEqual(await store.unknownCalls('other', null, 10), []);
    }));
}
