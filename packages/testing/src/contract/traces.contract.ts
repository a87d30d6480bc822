/* The trace of a request is found by the receipt that its entries carry. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CONNECTION, makeEntries, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const REF = 'receipt-0001';
const traceOf = (n: number) => `00-${String(n).padStart(32, '0')}-${String(n).padStart(16, '0')}-01`;

export function tracesContract(makeStore: MakeStore): void {
  test('a trace is kept with its receipt, the first one that was noted, and found beside others', () =>
    withStore(makeStore, async ({ store }) => {
      const groups = [{ itemId: 'a', entries: makeEntries(2, { receiptRef: REF }) }];
      await store.append(makePiece({ receiptId: `s0${REF}`, groups }));
      await store.noteTrace(`s0${REF}`, traceOf(1));
      await store.noteTrace(`s0${REF}`, traceOf(2));
      assert.deepEqual(await store.tracesOf(CONNECTION, [REF, 'receipt-0002', REF]), [traceOf(1), null, traceOf(1)]);
      assert.deepEqual(await store.tracesOf(CONNECTION, []), []);
      assert.equal((await store.receipt(`s0${REF}`))?.counts.pending, 2);
    }));

  test('of a receipt that is not there nothing is kept', () =>
    withStore(makeStore, async ({ store }) => {
      await store.noteTrace(`s0${REF}`, traceOf(1));
      assert.deepEqual(await store.tracesOf(CONNECTION, [REF]), [null]);
      assert.equal(await store.receipt(`s0${REF}`), null);
    }));
}
