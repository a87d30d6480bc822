/* Erasure: a performer is taken out of what waits, retries, dead letters, parked entries, and what takes meet meanwhile. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErasedEntries, ErasureStep } from '@sluice/core';
import {
  ACK,
  CONNECTION,
  makeDeadLetter,
  makeEntries,
  makeEntry,
  makePark,
  makeRequeue,
  PERFORMER_ID,
} from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { BOUNDS, ID, listAll, NOW, REF } from './ended-steps.ts';
import { indicesOf, type Steps, withStore } from './steps.ts';

const OTHER = '00000000-5f2a-4a39-9c1e-0d8a5d3e7a12';
const other = { type: 'user', id: OTHER } as const;
const STEP: Omit<ErasureStep, 'cursor'> = {
  connectionId: CONNECTION,
  performerId: PERFORMER_ID,
  deadLettersMax: 1000,
  entriesMax: 20,
  unknownPolicy: 'retry',
  receiptTtlMs: 86_400_000,
};

interface Walked {
  readonly inFlight: number;
  readonly erased: ErasedEntries;
  readonly wakeAtMs: number | null;
  readonly steps: number;
}

/** One walk to its end. */
async function walk({ store }: Pick<Steps, 'store'>, parts: Partial<ErasureStep> = {}): Promise<Walked> {
  let [cursor, inFlight, wakeAtMs, steps]: [string | null, number, number | null, number] = [null, 0, null, 0];
  for (;;) {
    const result = await store.erase({ ...STEP, ...parts, cursor });
    assert.ok(result.status === 'walked', result.status);
    steps += 1;
    inFlight += result.inFlight;
    wakeAtMs ??= result.wakeAtMs;
    cursor = result.cursor;
    if (cursor === null) return { inFlight, erased: result.erased, wakeAtMs, steps };
  }
}

export function eraseContract(makeStore: MakeStore): void {
  placesContract(makeStore);
  meanwhileContract(makeStore);
  markContract(makeStore);
}

function placesContract(makeStore: MakeStore): void {
  test('a performer is taken out of everything; counters and the receipt say from where, the others stay in their order', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle, advance, view } = steps;
      const mixed = (from: number) => [
        makeEntry({ index: from, receiptRef: REF }),
        makeEntry({ index: from + 1, receiptRef: REF, performedBy: other }),
      ];
      await append('a', [...mixed(0), ...mixed(2), ...mixed(4)], { receiptId: ID });
      const ends = [makeDeadLetter(), makeDeadLetter(), makePark(), makePark(), makeRequeue({ delayMs: 500 })];
      await settle(await lease(NOW), [...ends, makeRequeue({ delayMs: 500 })]);
      await append('a', [...mixed(6), ...mixed(8)], { receiptId: ID });
      await append('b', makeEntries(2, { from: 10, receiptRef: REF }), { receiptId: ID });
      const { inFlight, erased } = await walk(steps);
      assert.deepEqual([inFlight, erased], [0, { pending: 5, dead: 1, parked: 1 }]);
      const seen = await view();
      assert.deepEqual([seen.erasedPending, seen.erasedDead, seen.erasedParked], [5, 1, 1]);
      assert.deepEqual([seen.pending, seen.delayed, seen.deadLetters, seen.parkedEntries], [3, 1, 1, 1]);
      const { counts, entries, final } = (await store.receipt(ID))!;
      assert.deepEqual([counts.erased, counts.dead, counts.parked, counts.pending, final], [7, 1, 1, 3, false]);
      assert.deepEqual(
        entries.map(({ index }) => index),
        [1, 3],
      );
      assert.deepEqual(indicesOf({ entries: (await listAll(store)).map(({ entry }) => entry) }), [1, 3]);
      await advance(1000);
      const call = await lease(NOW);
      assert.deepEqual(indicesOf(call), [5, 7, 9]);
      await settle(call, ACK);
      assert.equal((await store.receipt(ID))?.final, true);
      assert.deepEqual(
        (await walk(steps)).erased,
        erased,
        'a second walk finds nothing and says what was erased before',
      );
    }));

  test('a GUID is met in either case; any other id only as it is written', () =>
    withStore(makeStore, async (steps) => {
      const { append, view } = steps;
      const of = (id: string, index: number) => makeEntry({ index, performedBy: { type: 'externalGroup', id } });
      const ids = [PERFORMER_ID, PERFORMER_ID.toUpperCase(), 'Wien "Süd"', 'wien "süd"', `${PERFORMER_ID}0`];
      await append('a', ids.map(of));
      assert.equal((await walk(steps)).erased.pending, 2);
      assert.equal((await walk(steps, { performerId: 'Wien "Süd"' })).erased.pending, 1);
      assert.equal((await walk(steps, { performerId: 'WIEN "SÜD"' })).erased.pending, 0);
      assert.equal((await view()).pending, 2);
    }));

  test('a bisected half loses its entries and stays one call; one without any left is gone', () =>
    withStore(makeStore, async (steps) => {
      const { append, lease, settle, refusal, view } = steps;
      await append('a', [...makeEntries(3), makeEntry({ index: 3, performedBy: other })]);
      const halves = [0, 0, 1, 1].map((group) => makeRequeue({ group, counted: false }));
      await settle(await lease(NOW), halves, { groupsWhole: true });
      assert.equal((await walk(steps)).erased.pending, 3);
      const call = await lease(NOW);
      assert.deepEqual([call.whole, indicesOf(call)], [true, [3]]);
      await settle(call, ACK);
      assert.equal((await refusal(NOW)).reason, 'empty');
      assert.deepEqual([(await view()).delayed, (await view()).pending], [0, 0]);
    }));

  test('an item that is longer than a step looks at is gone through in steps; what is kept keeps its order', () =>
    withStore(makeStore, async (steps) => {
      const { append, lease, settle, view } = steps;
      const PIECES = 5;
      for (let n = 0; n < PIECES; n++) {
        const entries = Array.from({ length: 400 }, (_, k) => {
          const index = n * 400 + k;
          return makeEntry({ index, type: 'created', ...(index % 7 === 0 && { performedBy: other }) });
        });
        await append('a', entries);
      }
      const { erased } = await walk(steps);
      const kept = Array.from({ length: PIECES * 400 }, (_, n) => n).filter((n) => n % 7 === 0);
      assert.equal(erased.pending, PIECES * 400 - kept.length);
      assert.equal((await view()).pending, kept.length);
      const delivered: number[] = [];
      while (delivered.length < kept.length) {
        const call = await lease(NOW);
        delivered.push(...indicesOf(call));
        await settle(call, ACK);
        await steps.advance(1);
      }
      assert.deepEqual(delivered, kept);
    }));

  test('room that is made among the dead letters ends the hold that began there', () =>
    withStore(makeStore, async (steps) => {
      const { append, lease, settle, refusal, view, nowMs } = steps;
      await append('a', makeEntries(2));
      await append('b', makeEntries(1, { from: 2, performedBy: other }));
      await settle(await lease(NOW), makeDeadLetter(), {}, { deadLettersMax: 2 });
      assert.equal((await refusal(NOW)).reason, 'held');
      const { erased, wakeAtMs } = await walk(steps, { deadLettersMax: 2 });
      assert.deepEqual([erased.dead, wakeAtMs, (await view()).state], [2, await nowMs(), 'flowing']);
    }));
}

function meanwhileContract(makeStore: MakeStore): void {
  test('entries in a call are said to be in flight; when it has ended another walk finds what came back', () =>
    withStore(makeStore, async (steps) => {
      const { append, lease, settle, view } = steps;
      await append('a', makeEntries(4));
      const call = await lease(NOW);
      const first = await walk(steps);
      assert.deepEqual([first.inFlight, first.erased.pending], [4, 0]);
      await settle(call, [ACK, makeRequeue({ delayMs: 60_000 }), makeDeadLetter(), makePark()]);
      const second = await walk(steps);
      assert.deepEqual([second.inFlight, second.erased], [0, { pending: 1, dead: 1, parked: 1 }]);
      const { pending, delivered, deadLetters, parkedEntries } = await view();
      assert.deepEqual([pending, delivered, deadLetters, parkedEntries], [0, 1, 0, 0]);
    }));

  test('while a performer is marked, takes erase what they meet of it and lease the rest', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, refusal, view } = steps;
      await walk(steps);
      await append('a', [...makeEntries(2, { receiptRef: REF }), makeEntry({ index: 2, performedBy: other })], {
        receiptId: ID,
      });
      await append('b', makeEntries(3, { from: 3, receiptRef: REF }), { receiptId: ID });
      assert.deepEqual(indicesOf(await lease(NOW)), [2]);
      assert.equal((await refusal(NOW)).reason, 'empty');
      assert.deepEqual([(await view()).erasedPending, (await view()).expired, (await view()).pending], [5, 0, 1]);
      assert.equal((await store.receipt(ID))?.counts.erased, 5);
      assert.equal((await walk(steps)).erased.pending, 5, 'what takes erased is among what the erasure says');
      await store.endErasure(CONNECTION, PERFORMER_ID.toUpperCase());
      await append('a', makeEntries(1, { from: 9 }));
      assert.deepEqual(indicesOf(await lease(NOW)), [9], 'an erasure is no block');
    }));

  test('what a stopped worker left behind is brought back and erased, also when the connection is paused', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, advance, view } = steps;
      await append('a', makeEntries(3));
      await append('b', makeEntries(2, { from: 3, performedBy: other }));
      await lease({ ...NOW, leaseMs: 30_000 });
      await store.pause(CONNECTION);
      assert.equal((await walk(steps)).inFlight, 3);
      await advance(30_000);
      const { inFlight, erased } = await walk(steps);
      assert.deepEqual([inFlight, erased.pending], [0, 3]);
      assert.deepEqual([(await view()).pending, (await view()).leases, (await view()).unknown], [2, 0, 3]);
    }));
}

function markContract(makeStore: MakeStore): void {
  test('a mark goes by itself a minute after its last step; the counters keep what was erased', () =>
    withStore(makeStore, async (steps) => {
      const { append, advance, lease, settle, view } = steps;
      await append('a', makeEntries(1));
      assert.equal((await walk(steps)).erased.pending, 1);
      await advance(59_999);
      assert.equal((await walk(steps)).erased.pending, 1);
      await advance(60_000);
      await append('a', makeEntries(1, { from: 1 }));
      const call = await lease(NOW);
      assert.deepEqual(indicesOf(call), [1]);
      await settle(call, ACK);
      assert.equal((await walk(steps)).erased.pending, 0, 'another erasure begins at nothing');
      assert.equal((await view()).erasedPending, 1);
    }));

  test('so many performers at a time, and no more until one of them is done', () =>
    withStore(makeStore, async (steps) => {
      const { store, append } = steps;
      await append('a', makeEntries(1));
      for (let n = 0; n < 16; n++) await walk(steps, { performerId: `performer ${n}` });
      assert.deepEqual(await store.erase({ ...STEP, cursor: null }), { status: 'busy' });
      await walk(steps, { performerId: 'performer 3' });
      await store.endErasure(CONNECTION, 'performer 5');
      assert.equal((await walk(steps)).erased.pending, 1);
    }));

  test('dead letters that were erased cannot be replayed by their ids', () =>
    withStore(makeStore, async (steps) => {
      const { store, append, lease, settle, view } = steps;
      await append('a', makeEntries(1));
      await settle(await lease(NOW), makeDeadLetter());
      const ids = (await listAll(store)).map(({ id }) => id);
      await walk(steps);
      const replayed = await store.replay({ ...BOUNDS, choice: { ids } });
      assert.ok(replayed.status === 'done' && replayed.done === 0);
      assert.deepEqual([(await view()).pending, (await view()).replayed], [0, 0]);
    }));
}
