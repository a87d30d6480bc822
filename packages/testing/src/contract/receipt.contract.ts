/* Receipts: what became of a request. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { RECEIPT_ENTRIES_MAX } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makePark, makePiece, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { eventually } from '../eventually.ts';
import { withStore } from './steps.ts';

const REF = 'receipt-0001';
const ID = `s0${REF}`;
const NOW = { lingerMs: 0 };
const NONE = {
  pending: 0,
  inFlight: 0,
  delivered: 0,
  dead: 0,
  parked: 0,
  discarded: 0,
  erased: 0,
  expired: 0,
  rejected: 0,
  duplicates: 0,
};

export function receiptContract(makeStore: MakeStore): void {
  test('a receipt follows its entries until every one has its end', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, nowMs }) => {
      await append('a', makeEntries(5, { receiptRef: REF }), { receiptId: ID });
      await append('a', makeEntries(2, { from: 5 }));
      const acceptedMs = await nowMs();
      await advance(10);
      const opened = await store.receipt(ID);
      assert.deepEqual(opened, {
        receiptId: ID,
        connectionId: CONNECTION,
        acceptedMs,
        final: false,
        complete: true,
        lastLine: 0,
        retrying: null,
        counts: { ...NONE, pending: 5 },
        entries: [],
        entriesTotal: 0,
      });
      const call = await lease({ ...NOW, entriesMax: 4 });
      assert.deepEqual((await store.receipt(ID))?.counts, { ...NONE, pending: 1, inFlight: 4 });
      await settle(call, [ACK, makeDeadLetter({ requestId: 'request-7' }), makePark({ code: 'lost' }), makeRequeue()]);
      const half = await store.receipt(ID);
      assert.deepEqual(half?.counts, { ...NONE, pending: 2, delivered: 1, dead: 1, parked: 1 });
      assert.equal(half?.final, false);
      const message = 'The activity is not valid.';
      const ended = { itemId: 'a', message, attempts: 1, pointer: null };
      assert.deepEqual(half?.entries, [
        { ...ended, index: 1, state: 'dead', code: 'badRequest', requestId: 'request-7' },
        { ...ended, index: 2, state: 'parked', code: 'lost', requestId: null },
      ]);
      await settle(await lease(NOW), ACK);
      const done = await store.receipt(ID);
      assert.deepEqual(done?.counts, { ...NONE, delivered: 3, dead: 1, parked: 1 });
      assert.deepEqual([done?.final, done?.entriesTotal], [true, 2]);
    }));

  test('a receipt is not final before the last piece of its request', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      await append('a', makeEntries(1, { receiptRef: REF }), { receiptId: ID, last: false });
      await settle(await lease(NOW), ACK);
      const begun = await store.receipt(ID);
      assert.deepEqual([begun?.final, begun?.complete], [false, false]);
      await append('b', makeEntries(1, { from: 1, receiptRef: REF }), { receiptId: ID });
      const whole = await store.receipt(ID);
      assert.deepEqual([whole?.final, whole?.complete], [false, true]);
      assert.deepEqual(whole?.counts, { ...NONE, pending: 1, delivered: 1 });
      await settle(await lease(NOW), ACK);
      assert.equal((await store.receipt(ID))?.final, true);
    }));

  test('what was rejected is in the receipt of its request, which is final when nothing else was in it', () =>
    withStore(makeStore, async ({ store }) => {
      const rejectedEntries = [rejection(0), rejection(3)];
      await store.append(makePiece({ receiptId: ID, rejected: 2, rejectedEntries }));
      const receipt = await store.receipt(ID);
      assert.deepEqual(receipt?.counts, { ...NONE, rejected: 2 });
      assert.deepEqual([receipt?.final, receipt?.entriesTotal], [true, 2]);
      const empty = { state: 'rejected', itemId: null, requestId: null, attempts: 0 };
      assert.deepEqual(
        receipt?.entries,
        rejectedEntries.map((rejected) => ({ ...empty, ...rejected })),
      );
    }));

  test('a receipt lists the first hundred entries that came, by index, and counts all', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      const rejectedEntries = Array.from({ length: 98 }, (_, index) => rejection(index));
      const parts = { receiptId: ID, rejected: 98, rejectedEntries };
      await append('a', makeEntries(4, { from: 98, receiptRef: REF }), parts);
      await settle(await lease(NOW), makeDeadLetter());
      const receipt = await store.receipt(ID);
      assert.equal(receipt?.entries.length, RECEIPT_ENTRIES_MAX);
      assert.deepEqual(
        receipt?.entries.slice(96).map(({ index, state }) => [index, state]),
        [
          [96, 'rejected'],
          [97, 'rejected'],
          [98, 'dead'],
          [99, 'dead'],
        ],
      );
      assert.deepEqual([receipt?.entriesTotal, receipt?.counts.dead], [102, 4]);
    }));

  test('more may be rejected than is listed by name: the total says how many', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      const parts = { receiptId: ID, rejected: 7, rejectedEntries: [rejection(0)] };
      await append('a', makeEntries(1, { from: 7, receiptRef: REF }), parts);
      await settle(await lease(NOW), makeDeadLetter());
      const receipt = await store.receipt(ID);
      assert.deepEqual(
        receipt?.entries.map(({ index }) => index),
        [0, 7],
      );
      assert.deepEqual([receipt?.entriesTotal, receipt?.counts.rejected], [8, 7]);
    }));

  test('a piece that is sent again, and a settlement that is sent again, count once', () =>
    withStore(makeStore, async ({ store, lease, settle }) => {
      const groups = [{ itemId: 'a', entries: makeEntries(1, { receiptRef: REF }) }];
      const piece = makePiece({ receiptId: ID, rejected: 1, rejectedEntries: [rejection(9)], groups });
      for (let n = 0; n < 2; n++) await store.append(piece);
      const call = await lease(NOW);
      for (let n = 0; n < 2; n++) await settle(call, makeDeadLetter());
      const receipt = await store.receipt(ID);
      assert.deepEqual(receipt?.counts, { ...NONE, rejected: 1, dead: 1 });
      assert.equal(receipt?.entriesTotal, 2);
    }));

  test('nobody has a receipt who wanted none; an unknown one is null', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      await append('a', makeEntries(1));
      assert.equal((await settle(await lease(NOW), makeDeadLetter())).status, 'settled');
      assert.equal(await store.receipt('s0------------'), null);
      assert.equal(await store.receipt(ID), null);
      assert.equal(await store.receipt('nonsense'), null);
    }));

  test('over receiptsMax the oldest receipt goes, and its entries are delivered all the same', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, view }) => {
      for (const n of [1, 2, 3]) {
        const parts = { receiptId: `s0receipt-000${n}`, receiptsMax: 2 };
        await append(`item-${n}`, makeEntries(1, { receiptRef: `receipt-000${n}` }), parts);
        await advance(1);
      }
      const known = await Promise.all([1, 2, 3].map((n) => store.receipt(`s0receipt-000${n}`)));
      assert.deepEqual(
        known.map((receipt) => receipt !== null),
        [false, true, true],
      );
      for (let n = 0; n < 3; n++) await settle(await lease(NOW), ACK);
      assert.equal((await view()).delivered, 3);
      assert.equal(await store.receipt('s0receipt-0001'), null);
      assert.equal((await store.receipt('s0receipt-0002'))?.final, true);
    }));

  test('a receipt says how many of its entries wait for the time of a retry, and until when', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, nowMs }) => {
      await append('a', makeEntries(4, { receiptRef: REF }), { receiptId: ID });
      await append('b', makeEntries(2, { receiptRef: 'receipt-0002' }), { receiptId: 's0receipt-0002' });
      const [one, two] = [await lease(NOW), await lease(NOW)];
      const retry = (delayMs: number, group = 0) => makeRequeue({ delayMs, group });
      await settle(one, [retry(5000, 0), retry(5000, 0), retry(3000, 1), ACK]);
      await settle(two, retry(1000));
      const now = await nowMs();
      assert.deepEqual((await store.receipt(ID))?.retrying, { entries: 3, fromMs: now + 3000 });
      await advance(3000);
      assert.deepEqual((await store.receipt(ID))?.retrying, { entries: 2, fromMs: now + 5000 });
      await advance(2000);
      assert.deepEqual([(await store.receipt(ID))?.retrying, (await store.receipt(ID))?.counts.pending], [null, 3]);
    }));

  test('who waits is told which receipts are final, and which are not there', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      const [open, begun, unknown] = [ID, 's0receipt-0002', 's0receipt-0003'];
      await append('a', makeEntries(2, { receiptRef: REF }), { receiptId: open });
      await append('b', makeEntries(1, { receiptRef: 'receipt-0002' }), { receiptId: begun, last: false });
      assert.deepEqual(await store.endedReceipts([open, unknown, begun]), [unknown]);
      for (let n = 0; n < 2; n++) await settle(await lease(NOW), ACK);
      assert.deepEqual(await store.endedReceipts([open, unknown, begun]), [open, unknown], 'one has no last piece yet');
      assert.deepEqual(await store.endedReceipts([]), []);
    }));

  test('a receipt stays until its last entry has its end and receiptTtlMs more, then it is gone', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle }) => {
      const ttl = { receiptTtlMs: 200 };
      await append('a', makeEntries(1, { receiptRef: REF }), { receiptId: ID, ...ttl });
      await advance(100_000);
      assert.equal((await store.receipt(ID))?.final, false);
      await settle(await lease(NOW), ACK, {}, ttl);
      assert.equal((await store.receipt(ID))?.final, true);
      await advance(201);
      // A store on Redis leaves expiry to Redis, whose clock no test moves.
      await eventually(async () => (await store.receipt(ID)) === null, { withinMs: 5000, what: 'the receipt expires' });
    }));
}

function rejection(index: number) {
  const [code, message] = ['type_unknown', 'type must be viewed, modified, created or commented.'];
  return { index, pointer: `#/activities/${index}/type`, code, message };
}
