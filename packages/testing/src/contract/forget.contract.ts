/* A connection is forgotten only when nothing can be lost with it that an operator did not discard. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { FORGET_LOOKED_AT_MAX, type ForgetResult } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makePark, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, withStore } from './steps.ts';

const BOUNDS = { lookedAtMax: 10, chosenMax: 10, deadLettersMax: 100 };
const forgetIn =
  ({ store }: Pick<Steps, 'store'>) =>
  (discardPending = false, connectionId = CONNECTION) =>
    store.forget({ connectionId, discardPending, entriesMax: 20, receiptTtlMs: 60_000 });
const result = (status: ForgetResult['status'], pending = 0, dead = 0, parked = 0, discarded = 0) => ({
  status,
  pending,
  dead,
  parked,
  discarded,
});

export function forgetContract(makeStore: MakeStore): void {
  test('what waits, is in a call, dead or parked keeps its connection; what is delivered or discarded does not', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle } = steps;
      const forget = forgetIn(steps);
      assert.deepEqual(await forget(false, 'nobody'), result('unknown'));
      await append('a', makeEntries(3));
      assert.deepEqual(await forget(), result('holds', 3));
      const one = () => lease({ lingerMs: 0, entriesMax: 1 });
      await settle(await one(), makeDeadLetter());
      await settle(await one(), makePark());
      const call = await one();
      assert.deepEqual(await forget(), result('holds', 1, 1, 1));
      await settle(call, ACK);
      assert.deepEqual(await forget(), result('holds', 0, 1, 1));
      const choice = { filter: {}, cursor: null };
      await store.discard({ connectionId: CONNECTION, choice, ...BOUNDS });
      assert.deepEqual(await forget(), result('forgotten'));
      assert.deepEqual(await forget(), result('unknown'));
      assert.deepEqual([await store.connection(CONNECTION), await store.connectionIds()], [null, []]);
      assert.deepEqual(await store.settledCalls(CONNECTION, 'all', 10), []);
    }));

  test('its next activity makes it anew, with nothing of before: no pause, no counters, no quota', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle, advance } = steps;
      await append('a', makeEntries(2));
      await append('a', makeEntries(1), { connectionId: 'stays' });
      await settle(await lease({ lingerMs: 0 }), ACK);
      await store.pause(CONNECTION);
      assert.deepEqual(await forgetIn(steps)(), result('forgotten'));
      await advance(1000);
      const again = await append('b', makeEntries(4, { from: 50 }));
      assert.ok('wakeAtMs' in again && again.wakeAtMs !== null, 'somebody is woken');
      const view = await store.connection(CONNECTION);
      assert.deepEqual(
        [view?.pending, view?.appended, view?.delivered, view?.state, view?.bucket, view?.calls],
        [4, 4, 0, 'flowing', null, 0],
      );
      assert.equal((await store.connection('stays'))?.pending, 1);
      assert.equal((await lease({ lingerMs: 0 })).entries.length, 4);
    }));

  test('a call from before that is settled late says nothing of it, whether it is gone or anew, and leaves nothing behind', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, take, lease, settle, advance } = steps;
      const forget = forgetIn(steps);
      const calls = [];
      for (let n = 0; n < 2; n++) {
        await append('a', makeEntries(1, { from: n }));
        calls.push(await lease({ lingerMs: 0, leaseMs: 2000, unknownPolicy: 'park' }));
      }
      await advance(3000);
      await take({ unknownPolicy: 'park' });
      await store.discard({ connectionId: CONNECTION, choice: { filter: {}, cursor: null }, ...BOUNDS });
      assert.deepEqual(await forget(), result('forgotten'));
      assert.equal((await settle(calls[0]!, ACK)).status, 'stale');
      assert.deepEqual([await store.connection(CONNECTION), await store.connectionIds()], [null, []]);
      assert.deepEqual(await store.settledCalls(CONNECTION, 'all', 10), []);
      await append('b', makeEntries(1, { from: 50 }));
      assert.equal((await settle(calls[1]!, ACK)).status, 'stale');
      const view = await store.connection(CONNECTION);
      assert.deepEqual([view?.bucket, view?.staleSettles, view?.appended, view?.pending], [null, 0, 1, 1]);
      assert.deepEqual(await store.settledCalls(CONNECTION, 'all', 10), []);
    }));

  test('what a worker learned of a call from before is not written: the next activity finds no quota', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle } = steps;
      await append('a', makeEntries(1));
      await settle(await lease({ lingerMs: 0 }), ACK);
      assert.deepEqual(await forgetIn(steps)(), result('forgotten'));
      const learning = { memory: '', intervalUs: 1000, learnAtMs: 0, closedUntilMs: 0 };
      assert.equal(await store.learn(CONNECTION, 0, learning), false);
      await append('a', makeEntries(1, { from: 50 }));
      assert.equal((await store.connection(CONNECTION))?.bucket, null);
    }));

  test('what waits is discarded only while nothing of it can be delivered, in steps, and counted where it was', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle, view } = steps;
      const forget = forgetIn(steps);
      const receiptId = 's0receipt-0009';
      const many = FORGET_LOOKED_AT_MAX - 10;
      await append('a', makeEntries(5, { receiptRef: 'receipt-0009' }), { receiptId });
      await settle(await lease({ lingerMs: 0, entriesMax: 2 }), makeRequeue({ delayMs: 60_000 }));
      await append('b', makeEntries(many, { from: 100 }));
      await append('c', makeEntries(40, { from: 1000 }));
      const call = await lease({ lingerMs: 0, entriesMax: 3 });
      assert.deepEqual(await forget(true), result('moving', many + 45));
      await store.pause(CONNECTION);
      const first = await forget(true);
      assert.deepEqual(first, result('discarding', 35, 0, 0, FORGET_LOOKED_AT_MAX));
      const { pending, delayed, leased, discardedPending } = await view();
      assert.deepEqual([pending, delayed, leased, discardedPending], [35, 0, 3, FORGET_LOOKED_AT_MAX]);
      assert.deepEqual(await forget(true), result('discarding', 3, 0, 0, 32), 'what is in a call has to end first');
      assert.deepEqual(await forget(true), result('discarding', 3));
      await settle(call, ACK);
      const receipt = await store.receipt(receiptId);
      const { counts, final } = receipt!;
      assert.deepEqual([final, counts.delivered + counts.discarded], [true, 5]);
      assert.ok(counts.discarded >= 2);
      assert.deepEqual(await forget(true), result('forgotten'));
    }));
}
