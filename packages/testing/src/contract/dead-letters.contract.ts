/* Dead letters and parked entries after their end: listed, discarded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { DeadLetterFilter } from '@sluice/core';
import { makeDeadLetter, makeEntries, makePark } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { BOUNDS, change, end, ID, listAll, listOnce, NOW, REF } from './ended-steps.ts';
import { read, withStore } from './steps.ts';

export function deadLettersContract(makeStore: MakeStore): void {
  listContract(makeStore);
  discardContract(makeStore);
}

function listContract(makeStore: MakeStore): void {
  test('a dead letter is listed with its reason, request-id, attempts and times', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, nowMs }) => {
      await append('a', makeEntries(1, { receiptRef: REF }), { receiptId: ID });
      const acceptedMs = await nowMs();
      await advance(700);
      await settle(await lease(NOW), makeDeadLetter({ code: 'gone', message: 'No.', requestId: 'request-9' }));
      const [entry, ...others] = await listAll(store);
      assert.deepEqual(others, []);
      const { id, entry: stored, ...rest } = entry!;
      const reason = { code: 'gone', message: 'No.', requestId: 'request-9' };
      assert.deepEqual(rest, { state: 'dead', itemId: 'a', settledMs: acceptedMs + 700, ...reason });
      assert.match(id, /^dead-/);
      const { attempts, acceptedMs: kept, receiptRef, index } = read(stored);
      assert.deepEqual([attempts, kept, receiptRef, index], [1, acceptedMs, REF, 0]);
    }));

  test('a filter passes what it names: state, code, item, time of the end; pages together are all, once', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, nowMs } = steps;
      await end(steps, 'a', [makeDeadLetter({ code: 'one' }), makePark({ code: 'two' })], 0);
      await advance(10);
      await end(steps, 'b', [makeDeadLetter({ code: 'two' }), makePark({ code: 'one' }), makeDeadLetter()], 2);
      const found = async (filter: DeadLetterFilter) => {
        const pages = [{ lookedAtMax: 2 }, { chosenMax: 2 }, {}];
        const lists = await Promise.all(pages.map((bounds) => listAll(store, filter, bounds)));
        const [first, ...others] = lists.map((entries) => entries.map(({ entry }) => read(entry).index));
        for (const other of others) assert.deepEqual(other, first);
        return first;
      };
      assert.deepEqual(await found({}), [0, 2, 4, 1, 3]);
      assert.deepEqual(await found({ state: 'dead' }), [0, 2, 4]);
      assert.deepEqual(await found({ state: 'parked' }), [1, 3]);
      assert.deepEqual(await found({ code: 'two' }), [2, 1]);
      assert.deepEqual(await found({ itemId: 'b' }), [2, 4, 3]);
      assert.deepEqual(await found({ beforeMs: await nowMs() }), [0, 1]);
      assert.deepEqual(await found({ beforeMs: (await nowMs()) + 1, itemId: 'b', state: 'parked' }), [3]);
      assert.deepEqual(await found({ itemId: 'c' }), []);
    }));

  test('what ends while a list is read is not in it', () =>
    withStore(makeStore, async (steps) => {
      const { store } = steps;
      await end(steps, 'a', [makeDeadLetter(), makePark()], 0);
      const first = await listOnce(store, { ...BOUNDS, lookedAtMax: 1, choice: { filter: {}, cursor: null } });
      await end(steps, 'a', [makeDeadLetter(), makePark()], 2);
      const rest = await listOnce(store, { ...BOUNDS, choice: { filter: {}, cursor: first.next } });
      const seen = [...first.entries, ...rest.entries].map(({ entry }) => read(entry).index);
      assert.deepEqual([seen, rest.next], [[0, 1], null]);
    }));

  test('a cursor that the store did not give is refused; an id it did not give is passed over', () =>
    withStore(makeStore, async (steps) => {
      const { store } = steps;
      await end(steps, 'a', [makeDeadLetter()], 0);
      for (const cursor of ['', 'dead', 'dead/1-1/x/y', 'dead/0-0/9-9/9-9; ', '../../x']) {
        const request = { ...BOUNDS, choice: { filter: {}, cursor } };
        for (const answer of [await store.deadLetters(request), await store.replay(request)]) {
          assert.deepEqual(answer, { status: 'cursor-invalid' }, cursor);
        }
      }
      const ids = ['', 'dead-1-1', 'parked-0-0', 'other-1-1', 'dead-99999999999999999999-1'];
      assert.deepEqual((await listOnce(store, { ...BOUNDS, choice: { ids } })).entries, []);
      assert.deepEqual(await change(store.discard({ ...BOUNDS, choice: { ids } })), [0, 0]);
      assert.equal((await listAll(store)).length, 1);
    }));
}

function discardContract(makeStore: MakeStore): void {
  test('a discarded entry is gone for good, and counters and receipts say from where', () =>
    withStore(makeStore, async ({ store, append, lease, refusal, settle, view }) => {
      await append('a', makeEntries(4, { receiptRef: REF }), { receiptId: ID });
      await settle(await lease(NOW), [makeDeadLetter(), makeDeadLetter(), makePark(), makePark()]);
      const letters = await listAll(store);
      const ids = [letters[1]!.id, letters[2]!.id, letters[3]!.id];
      const discarded = await store.discard({ ...BOUNDS, choice: { ids } });
      assert.deepEqual(discarded, { status: 'done', matched: 3, done: 3, next: null, wakeAtMs: null });
      assert.deepEqual(await change(store.discard({ ...BOUNDS, choice: { ids } })), [0, 0]);
      const seen = await view();
      assert.deepEqual([seen.discardedDead, seen.discardedParked, seen.pending], [1, 2, 0]);
      assert.deepEqual([seen.deadLetters, seen.parkedEntries, seen.dead, seen.parked], [1, 0, 2, 2]);
      const receipt = (await store.receipt(ID))!;
      const { dead, parked, discarded: counted } = receipt.counts;
      assert.deepEqual([dead, parked, counted, receipt.final, receipt.entriesTotal], [1, 0, 3, true, 1]);
      assert.deepEqual(
        receipt.entries.map(({ index }) => index),
        [0],
      );
      assert.equal((await refusal(NOW)).reason, 'empty');
    }));
}
