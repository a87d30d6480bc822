/* What can be seen of a connection. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makePark, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const ONE = { lingerMs: 0, entriesMax: 1 };

export function viewContract(makeStore: MakeStore): void {
  test('a connection shows where its entries are, and what goes in comes out', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(6));
      const calls = [];
      for (let n = 0; n < 5; n++) calls.push(await lease(ONE));
      const verdicts = [ACK, makeDeadLetter(), makePark(), makeRequeue({ delayMs: 9000 })];
      for (const [n, verdict] of verdicts.entries()) await settle(calls[n]!, verdict);
      const seen = await view();
      assert.deepEqual([seen.pending, seen.leased, seen.leases, seen.delayed], [3, 1, 1, 1]);
      assert.deepEqual([seen.delivered, seen.dead, seen.parked, seen.retried], [1, 1, 1, 1]);
      assert.deepEqual([seen.deadLetters, seen.parkedEntries], [1, 1]);
      assert.deepEqual([seen.calls, seen.callEntries], [5, 5]);
      assert.equal(seen.appended, seen.delivered + seen.dead + seen.parked + seen.pending);
    }));

  test('calls are counted when they are granted, with the entries in them, and not again when they are asked for again', () =>
    withStore(makeStore, async ({ append, lease, view, advance }) => {
      await append('a', makeEntries(7));
      await lease({ lingerMs: 0, entriesMax: 4 });
      await advance(5);
      const second = await lease({ lingerMs: 0, entriesMax: 4 });
      await lease({ leaseId: second.leaseId });
      const { calls, callEntries } = await view();
      assert.deepEqual([calls, callEntries], [2, 7]);
    }));

  test('the oldest entry counts wherever it is: waiting, leased or delayed', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, view, nowMs }) => {
      await append('a', makeEntries(1));
      const start = await nowMs();
      await advance(50);
      await append('b', makeEntries(1));
      assert.equal((await view()).oldestAcceptedMs, start);
      const call = await lease(ONE);
      assert.equal((await view()).oldestAcceptedMs, start);
      await settle(call, makeRequeue({ delayMs: 9000 }));
      assert.equal((await view()).oldestAcceptedMs, start);
      await advance(9000);
      await settle(await lease(ONE), ACK);
      assert.equal((await view()).oldestAcceptedMs, start + 50);
      await settle(await lease(ONE), ACK);
      assert.equal((await view()).oldestAcceptedMs, null);
    }));

  test('a connection flows while it has something to do, and is idle without', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(1));
      assert.equal((await view()).state, 'flowing');
      const call = await lease(ONE);
      assert.equal((await view()).state, 'flowing');
      await settle(call, ACK);
      assert.equal((await view()).state, 'idle');
    }));

  test('of several states the strongest is shown: paused, held, closed', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const block = { kind: 'held', reason: 'forbidden', probeEveryMs: 1000 } as const;
      await settle(await lease(ONE), ACK, { quota: 'none', closeMs: 5000, failed: null, block });
      await store.pause(CONNECTION);
      const states = [(await view()).state];
      await store.resume(CONNECTION);
      states.push((await view()).state);
      await advance(5000);
      states.push((await view()).state);
      assert.deepEqual(states, ['paused', 'closed', 'flowing']);
    }));

  test('connections do not see each other', () =>
    withStore(makeStore, async ({ store, append, lease, view }) => {
      await append('a', makeEntries(2));
      await append('a', makeEntries(3), { connectionId: 'tickets' });
      await store.pause('tickets');
      await lease(ONE);
      assert.equal((await view()).pending, 2);
      const other = await store.connection('tickets');
      assert.deepEqual([other?.pending, other?.leased, other?.state, other?.bucket], [3, 0, 'paused', null]);
      assert.deepEqual([...(await store.connectionIds())].sort(), [CONNECTION, 'tickets']);
    }));

  test('many are seen as each alone, in the order asked for, and unknown ones are left out', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      await append('a', makeEntries(3));
      await settle(await lease(ONE), makeDeadLetter());
      const ids = Array.from({ length: 45 }, (_, n) => `many${n}`);
      for (const [n, connectionId] of ids.entries()) await append('a', makeEntries(n + 1), { connectionId });
      await lease({ connectionId: 'many7', lingerMs: 0, entriesMax: 4 });
      await lease({ connectionId: 'many7', lingerMs: 0, entriesMax: 2 });
      await store.pause('many9');
      const asked = ['nobody', ...ids.toReversed(), CONNECTION, 'none'];
      const alone = await Promise.all([...ids.toReversed(), CONNECTION].map((id) => store.connection(id)));
      const many = await store.connections(asked);
      assert.deepEqual(many, alone);
      const seven = many.find(({ connectionId }) => connectionId === 'many7');
      assert.deepEqual([seven?.pending, seven?.leased, seven?.leases], [8, 6, 2]);
      assert.deepEqual(await store.connections([]), []);
    }));
}
