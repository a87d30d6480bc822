/* append: once, with the store's clock, within bounds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, CONNECTION, makeEntries, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, read, withStore } from './steps.ts';

const LANE_ANSWERS_KEPT = 4096;

export function appendContract(makeStore: MakeStore): void {
  test('a piece that is sent twice is stored once, and is answered as the first time', () =>
    withStore(makeStore, async ({ store, advance, lease, view }) => {
      const piece = makePiece({ groups: [{ itemId: 'a', entries: makeEntries(2) }] });
      const first = await store.append(piece);
      assert.equal(first.status, 'appended');
      await advance(1500);
      assert.deepEqual(await store.append(piece), { ...first, status: 'again', wakeAtMs: null });
      assert.equal((await view()).appended, 2);
      assert.equal((await lease()).entries.length, 2);
      assert.deepEqual(await store.append(piece), { ...first, status: 'again', wakeAtMs: null });
    }));

  test('the same sequence of another lane is another piece', () =>
    withStore(makeStore, async ({ store, view }) => {
      const groups = [{ itemId: 'a', entries: makeEntries(1) }];
      for (const lane of ['intake_1', 'intake-2']) {
        assert.equal((await store.append(makePiece({ lane, groups }))).status, 'appended');
      }
      assert.equal((await view()).pending, 2);
    }));

  test('the last 4,096 answers of a lane are remembered', () =>
    withStore(makeStore, async ({ store }) => {
      const pieces = Array.from({ length: LANE_ANSWERS_KEPT }, (_, n) => makePiece({ sequence: n + 1 }));
      const answers = await Promise.all(pieces.map((piece) => store.append(piece)));
      assert.ok(answers.every(({ status }) => status === 'appended'));
      assert.equal((await store.append(pieces[0]!)).status, 'again');
    }));

  test('every entry carries the time of the store at which it was appended', () =>
    withStore(makeStore, async ({ advance, append, lease, nowMs }) => {
      await append('a', makeEntries(1));
      await advance(12_345);
      const appended = await append('a', makeEntries(1, { from: 1 }));
      const now = await nowMs();
      assert.ok('acceptedMs' in appended && appended.acceptedMs === now);
      const times = (await lease()).entries.map((entry) => read(entry).acceptedMs);
      assert.deepEqual(times, [now - 12_345, now]);
    }));

  test('a piece may have several items; each keeps its order', () =>
    withStore(makeStore, async ({ store, lease }) => {
      const groups = [
        { itemId: 'a', entries: makeEntries(3) },
        { itemId: 'b', entries: makeEntries(2, { from: 3 }) },
      ];
      await store.append(makePiece({ groups, lingerMs: 0 }));
      const leases = [await lease({ lingerMs: 0 }), await lease({ lingerMs: 0 })];
      assert.deepEqual(
        leases.map((one) => [one.itemId, indicesOf(one)]),
        [
          ['a', [0, 1, 2]],
          ['b', [3, 4]],
        ],
      );
    }));

  test('a piece that would pass pendingMax changes nothing, and is stored once there is room', () =>
    withStore(makeStore, async ({ store, append, lease, settle, view }) => {
      const receiptId = 's0receipt-0001';
      await append('a', makeEntries(3), { pendingMax: 4 });
      const piece = makePiece({
        sequence: 9,
        receiptId,
        pendingMax: 4,
        groups: [{ itemId: 'b', entries: makeEntries(2) }],
      });
      const before = await view();
      assert.deepEqual(await store.append(piece), { status: 'full', pending: 3 });
      assert.deepEqual(await view(), before);
      assert.equal(await store.receipt(receiptId), null);
      await settle(await lease({ lingerMs: 0, entriesMax: 1 }), ACK);
      assert.equal((await store.append(piece)).status, 'appended');
    }));

  test('a request finds room for all of its pieces or none: decided with the first, never with a later one', () =>
    withStore(makeStore, async ({ append, view }) => {
      await append('a', makeEntries(3), { pendingMax: 5 });
      const first = { pendingMax: 5, roomFor: 4, last: false };
      assert.deepEqual(await append('b', makeEntries(2), first), { status: 'full', pending: 3 });
      assert.equal((await append('b', makeEntries(2), { ...first, roomFor: 2 })).status, 'appended');
      const later = await append('b', makeEntries(2, { from: 2 }), { pendingMax: 5, roomFor: 0 });
      assert.equal(later.status, 'appended');
      assert.equal((await view()).pending, 7);
    }));

  test('entries that are leased or delayed count as pending for pendingMax', () =>
    withStore(makeStore, async ({ append, lease, settle }) => {
      await append('a', makeEntries(3));
      const first = await lease({ lingerMs: 0, entriesMax: 1 });
      await settle(first, { kind: 'requeue', delayMs: 60_000, counted: true, group: 0 });
      await lease({ lingerMs: 0, entriesMax: 1 });
      assert.deepEqual(await append('b', makeEntries(1), { pendingMax: 3 }), { status: 'full', pending: 3 });
    }));

  test('a connection beyond connectionsMax is refused; those that are known go on', () =>
    withStore(makeStore, async ({ store, append }) => {
      await append('a', makeEntries(1), { connectionsMax: 1 });
      const other = await append('a', makeEntries(1), { connectionId: 'tickets', connectionsMax: 1 });
      assert.deepEqual(other, { status: 'too-many-connections', pending: 0 });
      assert.equal((await append('b', makeEntries(1), { connectionsMax: 1 })).status, 'appended');
      assert.deepEqual(await store.connectionIds(), [CONNECTION]);
      assert.equal(await store.connection('tickets'), null);
    }));

  test('a piece without entries is never refused, wakes nobody and makes no connection', () =>
    withStore(makeStore, async ({ store, nowMs, append }) => {
      await append('a', makeEntries(1), { connectionId: CONNECTION });
      const bounds = { pendingMax: 0, connectionsMax: 0 };
      const answer = await store.append(makePiece({ ...bounds, connectionId: 'tickets', lane: 'lane-2' }));
      assert.deepEqual(answer, {
        status: 'appended',
        appended: 0,
        duplicates: 0,
        acceptedMs: await nowMs(),
        wakeAtMs: null,
        keptMs: null,
      });
      assert.deepEqual(await store.connectionIds(), [CONNECTION]);
    }));
}
