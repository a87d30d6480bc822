/* take: which item is worth the next call most, and which of its entries go. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Lease, TakeRequest } from '@sluice/core';
import { pairOf } from '@sluice/core';
import { ACTIVITY_START_MS, makeEntries, makeEntry, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, type Steps, saidBy, withStore } from './steps.ts';

const SAME = { startMs: ACTIVITY_START_MS };

export function choiceContract(makeStore: MakeStore): void {
  test('a lease holds at most entriesMax entries of one item, from its head, in order', () =>
    withStore(makeStore, async ({ append, lease }) => {
      await append('a', makeEntries(25));
      assert.deepEqual(indicesOf(await lease()), [...Array(20).keys()]);
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0 })), [20, 21, 22, 23, 24]);
    }));

  test('a lease never holds two entries with the same pair; those passed over keep their place at the head', () =>
    withStore(makeStore, async ({ append, lease }) => {
      const entries = [0, 1, 2].map((index) => makeEntry({ ...SAME, index }));
      await append('a', [...entries, ...makeEntries(2, { from: 3 })]);
      const first = await lease({ lingerMs: 0 });
      assert.deepEqual(indicesOf(first), [0, 3, 4]);
      assert.equal(new Set(first.entries.map(pairOf)).size, 3);
      await append('a', makeEntries(1, { from: 5 }));
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0 })), [1, 5]);
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0 })), [2]);
    }));

  test('the same start with another type is another pair', () =>
    withStore(makeStore, async ({ append, lease }) => {
      await append('a', [makeEntry(SAME), makeEntry({ ...SAME, type: 'modified', index: 1 })]);
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0 })), [0, 1]);
    }));

  test('an item is read in at most three rounds for one call', () =>
    withStore(makeStore, async ({ append, lease }) => {
      // Rounds of 2, 1 and 1 entries see only the same pair; the other one is the fifth.
      const same = [0, 1, 2, 3].map((index) => makeEntry({ ...SAME, index }));
      await append('a', [...same, makeEntry({ index: 4 })]);
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0, entriesMax: 2 })), [0]);
      assert.deepEqual(indicesOf(await lease({ lingerMs: 0, entriesMax: 2 })), [1, 4]);
    }));

  test('an item goes at once when it fills a call, and otherwise when its head has lingered', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, nowMs }) => {
      await append('full', makeEntries(4));
      await append('part', makeEntries(3));
      assert.equal((await lease({ entriesMax: 4 })).itemId, 'full');
      await advance(999);
      const untilMs = (await nowMs()) + 1;
      assert.deepEqual(saidBy(await refusal({ entriesMax: 4 })), { reason: 'linger', untilMs });
      await advance(1);
      assert.deepEqual(whyOf(await lease({ entriesMax: 4 })), ['best', 'part']);
    }));

  test('of the items that may go the fullest goes first, and of equally full ones the oldest', () =>
    withStore(makeStore, async ({ append, advance, lease }) => {
      for (const [itemId, count] of Object.entries({ one: 1, older: 2, newer: 2, full: 9 })) {
        await append(itemId, makeEntries(count));
        await advance(1);
      }
      const order = [];
      for (let n = 0; n < 4; n++) order.push((await lease({ lingerMs: 0, entriesMax: 3 })).itemId);
      // An item that holds more than a call is no fuller than a call.
      assert.deepEqual(order, ['full', 'full', 'full', 'older']);
    }));

  test('a lonely entry that lingered goes even when eight fuller items are in front of it that have not', () =>
    withStore(makeStore, async ({ append, advance, lease }) => {
      await append('lonely', makeEntries(1));
      await advance(500);
      for (const itemId of 'abcdefgh') await append(itemId, makeEntries(2));
      await advance(500);
      assert.deepEqual(whyOf(await lease()), ['oldest', 'lonely']);
    }));

  test('an item whose equal pairs left only m entries for its last call is as full as m', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal }) => {
      const same = [0, 1, 2, 3, 4].map((index) => makeEntry({ ...SAME, index }));
      await append('equal', same);
      assert.deepEqual(whyOf(await lease({ entriesMax: 4 })), ['best', 'equal']);
      await append('other', makeEntries(2));
      // Four entries are left of it, but a call of it would carry one: it is not full, and not the fullest.
      assert.equal((await refusal({ entriesMax: 4 })).reason, 'linger');
      await advance(1000);
      assert.deepEqual(whyOf(await lease({ entriesMax: 4 })), ['best', 'other']);
      assert.deepEqual(whyOf(await lease({ entriesMax: 4 })), ['best', 'equal']);
    }));

  test('an item that filled its last call in spite of equal pairs is as full as what is left of it', () =>
    withStore(makeStore, async ({ append, lease, refusal }) => {
      await append('a', [makeEntry(SAME), makeEntry({ ...SAME, index: 1 }), ...makeEntries(2, { from: 2 })]);
      assert.deepEqual(indicesOf(await lease({ entriesMax: 3 })), [0, 2, 3]);
      assert.equal((await refusal({ entriesMax: 3 })).reason, 'linger');
    }));

  test('an item older than the age bound goes first, at most every second call', () =>
    withStore(makeStore, async (steps) => {
      await steps.append('old-1', makeEntries(1));
      await steps.advance(1);
      await steps.append('old-2', makeEntries(1));
      await steps.advance(5001);
      for (const itemId of ['full-1', 'full-2']) await steps.append(itemId, makeEntries(4));
      assert.deepEqual(await whysOf(steps, 4, { entriesMax: 4, ageBoundMs: 5000 }), [
        ['bound', 'old-1'],
        ['best', 'full-1'],
        ['bound', 'old-2'],
        ['best', 'full-2'],
      ]);
    }));

  for (const [what, entries] of [
    ['many equal pairs', [0, 1, 2].map((index) => makeEntry({ ...SAME, index }))],
    ['more than one call', makeEntries(16)],
  ] as const) {
    test(`an item with ${what} whose head stays over the age bound goes behind those that are over it already`, () =>
      withStore(makeStore, async (steps) => {
        await steps.append('many', entries);
        await steps.advance(1);
        for (const itemId of ['old-1', 'old-2']) await steps.append(itemId, makeEntries(1));
        await steps.advance(5001);
        for (const itemId of ['full-1', 'full-2']) await steps.append(itemId, makeEntries(4));
        const whys = await whysOf(steps, 5, { entriesMax: 4, ageBoundMs: 5000 });
        assert.deepEqual(
          whys.filter(([why]) => why === 'bound').map(([, itemId]) => itemId),
          ['many', 'old-1', 'old-2'],
        );
        assert.equal((await steps.view()).oldestAcceptedMs, (await steps.nowMs()) - 5002);
      }));
  }

  test('the turn of the age bound comes again at once when nothing else may go', () =>
    withStore(makeStore, async (steps) => {
      for (const itemId of ['a', 'b']) await steps.append(itemId, makeEntries(1));
      await steps.advance(101);
      assert.deepEqual(await whysOf(steps, 2, { lingerMs: 60_000, ageBoundMs: 100 }), [
        ['bound', 'a'],
        ['bound', 'b'],
      ]);
    }));

  test('a head exactly as old as the age bound is not older', () =>
    withStore(makeStore, async ({ append, advance, refusal }) => {
      await append('a', makeEntries(1));
      await advance(100);
      assert.equal((await refusal({ lingerMs: 60_000, ageBoundMs: 100 })).reason, 'linger');
    }));

  test('bisected halves are taken whole, never mixed, at most every second call, the earliest due first', () =>
    withStore(makeStore, async (steps) => {
      const { append, advance, lease, settle } = steps;
      await append('a', makeEntries(4));
      const call = await lease({ lingerMs: 0, entriesMax: 4 });
      const [late, early] = [makeRequeue({ group: 0, delayMs: 20 }), makeRequeue({ group: 1, delayMs: 10 })];
      await settle(call, [late, late, early, early], { quota: 'accepted', groupsWhole: true });
      for (const itemId of ['a', 'full']) await append(itemId, makeEntries(4, { from: 4 }));
      await advance(20);
      const halves = [];
      for (let n = 0; n < 4; n++) halves.push(await lease({ entriesMax: 4 }));
      assert.deepEqual(
        halves.map((half) => [half.why, half.whole, half.itemId, indicesOf(half)]),
        [
          ['whole', true, 'a', [2, 3]],
          ['best', false, 'a', [4, 5, 6, 7]],
          ['whole', true, 'a', [0, 1]],
          ['best', false, 'full', [4, 5, 6, 7]],
        ],
      );
    }));

  test('a bisected half comes before an item over the age bound', () =>
    withStore(makeStore, async ({ append, advance, lease, settle }) => {
      await append('a', makeEntries(2));
      const halves = [makeRequeue({ group: 0 }), makeRequeue({ group: 1 })];
      await settle(await lease({ lingerMs: 0 }), halves, { groupsWhole: true });
      await append('old', makeEntries(1));
      await advance(5001);
      const bounds = { lingerMs: 60_000, ageBoundMs: 5000 };
      const whys = [];
      for (let n = 0; n < 3; n++) whys.push((await lease(bounds)).why);
      assert.deepEqual(whys, ['whole', 'whole', 'bound']);
    }));

  test('a take with the id of an open lease answers that lease again and spends nothing', () =>
    withStore(makeStore, async ({ append, advance, lease, store, view }) => {
      await append('a', makeEntries(3));
      const first = await lease({ lingerMs: 0, entriesMax: 2 });
      await append('a', makeEntries(9, { from: 3 }));
      await advance(1000);
      const { bucket, leased } = await view();
      const again = await lease({ leaseId: first.leaseId });
      assert.deepEqual({ ...again, learn: null }, { ...first, why: 'again', awakeMs: again.awakeMs, learn: null });
      assert.equal((await view()).leased, leased);
      assert.deepEqual((await view()).bucket, bucket);
      await store.pause('hr');
      assert.equal((await lease({ leaseId: first.leaseId })).why, 'again');
    }));
}

function whyOf({ why, itemId }: Lease): readonly [string, string] {
  return [why, itemId];
}

async function whysOf({ lease }: Steps, count: number, parts: Partial<TakeRequest>) {
  const whys = [];
  for (let n = 0; n < count; n++) whys.push(whyOf(await lease(parts)));
  return whys;
}
