/* Dead letters and parked entries that are replayed: once each, within the bounds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type DeadLetterChange, RECEIPT_ENTRIES_MAX } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makePark, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { eventually } from '../eventually.ts';
import { BOUNDS, change, end, ID, listAll, NOW, REF } from './ended-steps.ts';
import { indicesOf, read, withStore } from './steps.ts';

export function replayContract(makeStore: MakeStore): void {
  onceContract(makeStore);
  replayReceiptContract(makeStore);
  boundsContract(makeStore);
}

function onceContract(makeStore: MakeStore): void {
  test('a replayed entry is at the tail of its item as if never tried, and keeps its time of acceptance', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, advance, lease, nowMs, view } = steps;
      await end(steps, 'a', [makeDeadLetter(), makePark()], 0);
      const acceptedMs = await nowMs();
      await advance(5000);
      await append('a', makeEntries(1, { from: 7 }));
      const replayed = await store.replay({ ...BOUNDS, choice: { filter: {}, cursor: null } });
      assert.ok('done' in replayed && replayed.done === 2 && replayed.status === 'done' && replayed.next === null);
      const { pending, replayed: counted, deadLetters, parkedEntries, dead, parked } = await view();
      assert.deepEqual([pending, counted, deadLetters, parkedEntries, dead, parked], [3, 2, 0, 0, 1, 1]);
      const call = await lease(NOW);
      assert.deepEqual(indicesOf(call), [7, 0, 1]);
      const { attempts, firstTriedAwakeMs, acceptedMs: kept } = read(call.entries[1]);
      assert.deepEqual([attempts, firstTriedAwakeMs, kept], [0, null, acceptedMs]);
    }));

  test('each is replayed once, also when asked twice, by id and by filter at a time', () =>
    withStore(makeStore, async (steps) => {
      const { store, lease, settle, view } = steps;
      const letters = Array.from({ length: 9 }, (_, n) => (n % 2 === 0 ? makeDeadLetter() : makePark()));
      await end(steps, 'a', letters, 0);
      const ids = (await listAll(store)).map(({ id }) => id);
      const all = { filter: {}, cursor: null };
      const choices = [{ ids: ids.slice(0, 3) }, all, { ids: [...ids, ...ids] }, all];
      const answers = await Promise.all(choices.map((choice) => change(store.replay({ ...BOUNDS, choice }))));
      assert.equal(
        answers.reduce((sum, [, done]) => sum + done, 0),
        9,
      );
      assert.equal((await view()).replayed, 9);
      const call = await lease(NOW);
      assert.deepEqual([...indicesOf(call)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      await settle(call, ACK);
      const { pending, delivered } = await view();
      assert.deepEqual([pending, delivered], [0, 9]);
    }));

  test('an id that is written another way than it was given is none, so that no entry is replayed twice', () =>
    withStore(makeStore, async (steps) => {
      const { store, view } = steps;
      await end(steps, 'a', [makeDeadLetter(), makePark()], 0);
      const given = (await listAll(store)).map(({ id }) => id);
      const ids = given.flatMap((id) => [id.replace('-', '-0'), id, id.replace(/-(\d+)$/, '-0$1')]);
      assert.deepEqual(await change(store.replay({ ...BOUNDS, choice: { ids } })), [2, 2]);
      const { pending, replayed } = await view();
      assert.deepEqual([pending, replayed], [2, 2]);
    }));

  test('a run by filter ends although what it replays ends again', () =>
    withStore(makeStore, async (steps) => {
      const { store, lease, settle, view } = steps;
      await end(steps, 'a', [makeDeadLetter(), makeDeadLetter(), makeDeadLetter()], 0);
      let cursor: string | null = null;
      let calls = 0;
      do {
        const answer: DeadLetterChange = await store.replay({
          ...BOUNDS,
          lookedAtMax: 1,
          choice: { filter: {}, cursor },
        });
        assert.ok('next' in answer);
        cursor = answer.next;
        calls += 1;
        if (answer.done > 0) await settle(await lease(NOW), makeDeadLetter());
      } while (cursor !== null && calls < 10);
      assert.equal(calls, 4);
      const { replayed, deadLetters } = await view();
      assert.deepEqual([replayed, deadLetters], [3, 3]);
    }));

  test('a replay wakes the connection now, or nobody when it is paused', () =>
    withStore(makeStore, async (steps) => {
      const { store, nowMs, refusal } = steps;
      await end(steps, 'a', [makeDeadLetter()], 0);
      await refusal(NOW);
      const choice = { filter: {}, cursor: null };
      const woken = await store.replay({ ...BOUNDS, choice });
      assert.ok('wakeAtMs' in woken);
      assert.equal(woken.wakeAtMs, await nowMs());
      await steps.settle(await steps.lease(NOW), makeDeadLetter());
      await store.pause(CONNECTION);
      const paused = await store.replay({ ...BOUNDS, choice });
      assert.ok('wakeAtMs' in paused && paused.wakeAtMs === null && paused.done === 1);
      assert.equal(await store.resume(CONNECTION), await nowMs());
    }));

  test('its receipt counts a replayed entry as pending and no longer lists it; what ends again is listed again', () =>
    withStore(makeStore, async ({ store, append, lease, settle, advance }) => {
      await append('a', makeEntries(3, { receiptRef: REF }), { receiptId: ID, receiptTtlMs: 300 });
      const ttl = { receiptTtlMs: 300 };
      await settle(await lease(NOW), [ACK, makeDeadLetter(), makePark()], {}, ttl);
      const twin = 's0receipt-0002';
      await append('b', makeEntries(1, { receiptRef: 'receipt-0002' }), { receiptId: twin, receiptTtlMs: 300 });
      await settle(await lease(NOW), ACK, {}, ttl);
      assert.equal((await store.receipt(ID))?.final, true);
      await store.replay({ ...BOUNDS, choice: { filter: { state: 'dead' }, cursor: null } });
      await advance(1000);
      // That it stays is seen when another that was final as early is gone; Redis expires by a clock that no test moves.
      await eventually(async () => (await store.receipt(twin)) === null, { withinMs: 5000, what: 'the other expires' });
      const again = await store.receipt(ID);
      const { pending, delivered, dead, parked } = again!.counts;
      assert.deepEqual([again!.final, pending, delivered, dead, parked], [false, 1, 1, 0, 1]);
      assert.deepEqual([again!.entries.map(({ index }) => index), again!.entriesTotal], [[2], 1]);
      await settle(await lease(NOW), makeDeadLetter({ code: 'again' }), {}, ttl);
      const ended = (await store.receipt(ID))!;
      assert.deepEqual(
        ended.entries.map(({ index, code }) => [index, code]),
        [
          [1, 'again'],
          [2, 'badRequest'],
        ],
      );
      assert.equal(ended.final, true);
    }));
}

function replayReceiptContract(makeStore: MakeStore): void {
  test('a replayed entry leaves its place in the list of a full receipt', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      const rejectedEntries = Array.from({ length: RECEIPT_ENTRIES_MAX - 1 }, (_, index) => {
        return { index, pointer: `#/activities/${index}`, code: 'type_unknown', message: 'No.' };
      });
      const parts = { receiptId: ID, rejected: rejectedEntries.length, rejectedEntries };
      await append('a', makeEntries(1, { from: RECEIPT_ENTRIES_MAX, receiptRef: REF }), parts);
      for (let round = 0; round < 2; round++) {
        await settle(await lease(NOW), makeDeadLetter());
        assert.equal((await store.receipt(ID))?.entries.at(-1)?.state, 'dead');
        await store.replay({ ...BOUNDS, choice: { filter: {}, cursor: null } });
      }
      assert.equal((await store.receipt(ID))?.entries.length, RECEIPT_ENTRIES_MAX - 1);
    }));
}

function boundsContract(makeStore: MakeStore): void {
  test('a replay stops at pendingMax, and goes on from there once there is room', () =>
    withStore(makeStore, async (steps) => {
      const { store, lease, settle, view } = steps;
      await end(steps, 'a', [makeDeadLetter(), makeDeadLetter(), makePark(), makeDeadLetter()], 0);
      await steps.append('b', makeEntries(1, { from: 9 }));
      const bounds = { ...BOUNDS, pendingMax: 4 };
      const first = await store.replay({ ...bounds, choice: { filter: {}, cursor: null } });
      assert.ok(first.status === 'full' && first.done === 3 && first.matched === 3 && first.next !== null);
      const stuck = await store.replay({ ...bounds, choice: { filter: {}, cursor: first.next } });
      assert.ok(stuck.status === 'full' && stuck.done === 0 && stuck.wakeAtMs === null);
      const byIds = { ids: (await listAll(store)).map(({ id }) => id) };
      const ids = await store.replay({ ...bounds, choice: byIds });
      assert.ok(ids.status === 'full' && ids.matched === 1 && ids.done === 0 && ids.next === null);
      await settle(await lease(NOW), ACK);
      const rest = await store.replay({ ...bounds, choice: { filter: {}, cursor: stuck.next } });
      assert.ok(rest.status === 'done' && rest.done === 1 && rest.next === null);
      assert.equal((await view()).replayed, 4);
    }));

  test('dead letters and parked entries together fill a connection; replaying below the bound ends that hold', () =>
    withStore(makeStore, async (steps) => {
      const { store, lease, view, nowMs } = steps;
      await end(steps, 'a', [makeDeadLetter(), makePark(), makePark()], 0, { deadLettersMax: 3 });
      await steps.append('b', makeEntries(1, { from: 9 }));
      assert.deepEqual([(await view()).state, (await view()).reason], ['held', 'dead letters full']);
      const choice = { filter: {}, cursor: null };
      const some = await store.replay({ ...BOUNDS, deadLettersMax: 2, lookedAtMax: 1, choice });
      assert.ok('done' in some && some.done === 1);
      assert.equal((await view()).state, 'held', 'two are kept, and two is the bound');
      const freed = await store.discard({ ...BOUNDS, deadLettersMax: 2, lookedAtMax: 1, choice });
      assert.ok('wakeAtMs' in freed && freed.wakeAtMs === (await nowMs()));
      assert.deepEqual([(await view()).state, (await view()).reason], ['flowing', null]);
      assert.equal((await lease(NOW)).probe, false);
    }));

  test('a hold for another cause outlives a replay', () =>
    withStore(makeStore, async (steps) => {
      const { store, view } = steps;
      const block = { kind: 'held', reason: 'forbidden', probeEveryMs: 5000 } as const;
      await steps.append('a', makeEntries(1));
      await steps.settle(await steps.lease(NOW), makeDeadLetter(), { quota: 'none', failed: true, block });
      assert.deepEqual(await change(store.replay({ ...BOUNDS, choice: { filter: {}, cursor: null } })), [1, 1]);
      assert.deepEqual([(await view()).state, (await view()).reason], ['held', 'forbidden']);
    }));

  test('connections do not see each other’s dead letters', () =>
    withStore(makeStore, async (steps) => {
      await end(steps, 'a', [makeDeadLetter()], 0);
      await steps.store.append(
        makePiece({ connectionId: 'tickets', lane: 'other', groups: [{ itemId: 'a', entries: makeEntries(1) }] }),
      );
      const choice = { filter: {}, cursor: null };
      const other = { ...BOUNDS, connectionId: 'tickets', choice };
      assert.deepEqual(await change(steps.store.replay(other)), [0, 0]);
      assert.deepEqual(await change(steps.store.discard(other)), [0, 0]);
      assert.equal((await listAll(steps.store)).length, 1);
    }));
}
