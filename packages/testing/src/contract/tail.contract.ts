/* What happens in a connection, for somebody who watches. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { TailCursor, ToldCall } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const LISTEN_MS = 10_000;
const TOLD: ToldCall = { itemId: 'a', status: '207', requestId: 'request-1', reason: 'partly', durationMs: 12 };
const NOW = { lingerMs: 0, entriesMax: 20 };

export function tailContract(makeStore: MakeStore): void {
  test('who watches sees what is accepted and what becomes of calls from then on, once, oldest first', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle }) => {
      const tail = (after: TailCursor | null) =>
        store.tail({ connectionId: CONNECTION, after, most: 10, listenMs: LISTEN_MS });
      assert.equal(await tail(null), null, 'nothing was ever accepted for it');
      await append('before', makeEntries(1));
      const begun = await tail(null);
      assert.ok(begun);
      assert.deepEqual([begun.calls, begun.pieces], [[], []]);
      await append('a', makeEntries(2));
      await advance(5);
      await append('b', makeEntries(3));
      const accepted = await tail(begun.cursor);
      assert.ok(accepted);
      const piece = (itemId: string, entries: number, atMs: number) => {
        return { atMs, entries, duplicates: 0, receiptRef: null, items: [{ itemId, entries }] };
      };
      assert.deepEqual(accepted.pieces, [piece('a', 2, accepted.nowMs - 5), piece('b', 3, accepted.nowMs)]);
      assert.deepEqual([accepted.calls, accepted.callsLeftOut, accepted.entriesLeftOut], [[], 0, 0]);
      await advance(5);
      const first = await lease(NOW);
      await settle(
        first,
        first.entries.map((_, n) => (n === 0 ? makeDeadLetter() : ACK)),
        {},
        { told: TOLD },
      );
      const settled = await tail(accepted.cursor);
      assert.deepEqual(settled?.pieces, []);
      assert.deepEqual(
        settled?.calls.map(({ leaseId, status, delivered, dead }) => [leaseId, status, delivered, dead]),
        [[first.leaseId, '207', first.entries.length - 1, 1]],
      );
      const rest = await tail(settled!.cursor);
      assert.deepEqual([rest?.calls, rest?.pieces], [[], []]);
    }));

  test('what is accepted is not kept for nobody, and no more once nobody listens', () =>
    withStore(makeStore, async ({ store, append, advance }) => {
      const tail = (after: TailCursor | null, listenMs: number) =>
        store.tail({ connectionId: CONNECTION, after, most: 10, listenMs });
      await append('a', makeEntries(1));
      const silent = await tail(null, 0);
      await append('a', makeEntries(1));
      const still = await tail(silent!.cursor, LISTEN_MS);
      assert.deepEqual(still?.pieces, []);
      await append('a', makeEntries(1));
      await advance(LISTEN_MS);
      await append('a', makeEntries(1));
      const heard = await tail(still!.cursor, 0);
      assert.equal(heard?.pieces.length, 1);
    }));

  test('of more than is asked for the newest are read, and the rest is counted', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      const tail = (after: TailCursor | null) =>
        store.tail({ connectionId: CONNECTION, after, most: 2, listenMs: LISTEN_MS });
      await append('a', makeEntries(1));
      const begun = await tail(null);
      for (let n = 1; n <= 5; n++) await append(`i${n}`, makeEntries(n));
      for (let n = 0; n < 4; n++) await settle(await lease(NOW), ACK, {}, { told: { ...TOLD, itemId: `c${n}` } });
      const read = await tail(begun!.cursor);
      assert.deepEqual(
        read?.pieces.map(({ items }) => items[0]?.itemId),
        ['i4', 'i5'],
      );
      assert.deepEqual(
        read?.calls.map(({ itemId }) => itemId),
        ['c2', 'c3'],
      );
      assert.deepEqual([read?.entriesLeftOut, read?.callsLeftOut], [6, 2]);
    }));
}
