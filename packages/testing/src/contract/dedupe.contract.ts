/* append: an id is accepted once, as long as it is remembered. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { AppendPiece, AppendResult } from '@sluice/core';
import { makeEntries, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, type Steps, withStore } from './steps.ts';

const WINDOW_MS = 10_000;
const RECEIPT = 's0receipt-0001';

/** Numbers that use all 63 bits. */
function idsOf(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, n) =>
    String((BigInt(from + n + 1) * 0x9e37_79b9_7f4a_7c15n) & 0x7fff_ffff_ffff_ffffn),
  );
}

type Send = (ids: readonly (string | null)[], parts?: Partial<AppendPiece>) => Promise<readonly number[]>;

/** Sends a piece of its own with these ids, and answers how many were appended and how many were duplicates. */
function sender({ store }: Pick<Steps, 'store'>, idsMax = 1000): Send {
  let sequence = 100;
  return async (ids, parts = {}) => {
    sequence += 1;
    const groups = [{ itemId: 'a', entries: makeEntries(ids.length), ids }];
    const dedupe = { windowMs: WINDOW_MS, idsMax };
    return countsOf(await store.append(makePiece({ sequence, groups, dedupe, ...parts })));
  };
}

function countsOf(result: AppendResult): readonly number[] {
  assert.ok('appended' in result, `stored, not ${result.status}`);
  return [result.appended, result.duplicates];
}

export function dedupeContract(makeStore: MakeStore): void {
  test('an id that was stored is a duplicate in the next piece, and in the same one; entries without id never are', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const [a, b, c] = idsOf(3) as [string, string, string];
      assert.deepEqual(await send([a, null, a, b]), [3, 1]);
      assert.deepEqual(await send([b, c, null]), [2, 1]);
      assert.deepEqual(await send([a, b, c]), [0, 3]);
      const { appended, duplicates, pending } = await steps.view();
      assert.deepEqual([appended, duplicates, pending], [5, 5, 5]);
      assert.deepEqual(indicesOf(await steps.lease({ lingerMs: 0, entriesMax: 3 })), [0, 1, 3]);
    }));

  test('the same piece again answers its duplicates as the first time', () =>
    withStore(makeStore, async ({ store, advance, view }) => {
      const [a, b] = idsOf(2) as [string, string];
      const dedupe = { windowMs: WINDOW_MS, idsMax: 1000 };
      const piece = makePiece({ groups: [{ itemId: 'a', entries: makeEntries(3), ids: [a, a, b] }], dedupe });
      const first = await store.append(piece);
      await advance(5);
      assert.deepEqual(await store.append(piece), { ...first, status: 'again', wakeAtMs: null });
      assert.deepEqual(countsOf(first), [2, 1]);
      assert.equal((await view()).duplicates, 1);
    }));

  test('an id is remembered for the window, and not for twice as long', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const [a, other] = idsOf(2) as [string, string];
      assert.deepEqual(await send([a]), [1, 0]);
      await steps.advance(WINDOW_MS / 2 - 1);
      assert.deepEqual(await send([other]), [1, 0]);
      await steps.advance(WINDOW_MS / 2);
      assert.deepEqual(await send([a]), [0, 1], 'a millisecond before its window ends');
      await steps.advance(WINDOW_MS);
      assert.deepEqual(await send([a]), [1, 0]);
    }));

  test('to be seen again prolongs nothing', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const ids = idsOf(1);
      await send(ids);
      await steps.advance(WINDOW_MS - 1);
      assert.deepEqual(await send(ids), [0, 1]);
      await steps.advance(1);
      assert.deepEqual(await send(ids), [1, 0]);
    }));

  test('beyond the most that are remembered the oldest are forgotten, and three quarters of it are kept', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps, 40);
      const all = idsOf(100);
      for (let from = 0; from < 100; from += 5) assert.deepEqual(await send(all.slice(from, from + 5)), [5, 0]);
      assert.deepEqual(await send(all.slice(70)), [0, 30], 'the last thirty');
      assert.deepEqual(await send(all.slice(0, 1)), [1, 0], 'the first');
    }));

  test('a refused piece leaves no id behind', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send(idsOf(3, 50));
      const groups = [{ itemId: 'a', entries: makeEntries(2), ids: idsOf(2) }];
      const dedupe = { windowMs: WINDOW_MS, idsMax: 1000 };
      const refused = await steps.store.append(makePiece({ sequence: 9, groups, dedupe, pendingMax: 4 }));
      assert.deepEqual(refused, { status: 'full', pending: 3 });
      assert.deepEqual(await send(idsOf(2)), [2, 0]);
    }));

  test('duplicates need no room: a full connection takes a piece of nothing else', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send(idsOf(3));
      assert.deepEqual(await send(idsOf(3), { pendingMax: 3 }), [0, 3]);
    }));

  test('thousands of ids are each found again, and nothing else is', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps, 1_000_000);
      for (let from = 0; from < 5000; from += 500) assert.deepEqual(await send(idsOf(500, from)), [500, 0]);
      for (let from = 0; from < 5000; from += 500) assert.deepEqual(await send(idsOf(500, from)), [0, 500]);
      assert.deepEqual(await send(idsOf(500, 5000)), [500, 0]);
    }));

  test('a receipt counts duplicates, those found before as well, and is final without them', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send(idsOf(2));
      await send(idsOf(2), { receiptId: RECEIPT, duplicates: 3, last: false });
      const begun = await steps.store.receipt(RECEIPT);
      assert.deepEqual([begun?.counts.duplicates, begun?.counts.pending, begun?.final], [5, 0, false]);
      await send(idsOf(1), { receiptId: RECEIPT });
      const whole = await steps.store.receipt(RECEIPT);
      assert.deepEqual([whole?.counts.duplicates, whole?.final], [6, true]);
    }));

  test('without settings for it ids are not looked at', () =>
    withStore(makeStore, async (steps) => {
      const groups = [{ itemId: 'a', entries: makeEntries(2), ids: idsOf(2) }];
      for (const sequence of [1, 2])
        assert.deepEqual(countsOf(await steps.store.append(makePiece({ sequence, groups }))), [2, 0]);
    }));
}
