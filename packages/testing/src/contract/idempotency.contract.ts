/* append under an Idempotency-Key: a request is stored once, whole, whoever sends it again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { AppendPiece, AppendResult, PieceKey } from '@sluice/core';
import { CONNECTION, makeEntries, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, withStore } from './steps.ts';

const DAY_MS = 86_400_000;
const CLAIM_MS = 1500;
const REF = 'receipt-0001';
const ANOTHER_REF = 'receipt-0002';

type Send = (key: Partial<PieceKey>, parts?: Partial<AppendPiece> & { ref?: string }) => Promise<AppendResult>;

/** A piece with two entries of one item, of an intake that has a number of its own for each. */
function sender({ store }: Pick<Steps, 'store'>): Send {
  let sequence = 0;
  return (key, { ref = REF, ...parts } = {}) =>
    store.append(
      makePiece({
        sequence: ++sequence,
        lane: `lane-of-${key.owner ?? 'first-intake'}`,
        receiptId: `s0${ref}`,
        groups: [{ itemId: 'a', entries: makeEntries(2, { receiptRef: ref }) }],
        key: {
          id: '4611686018427387904',
          fingerprint: 'what-was-se',
          owner: 'first-intake',
          nth: 0,
          windowMs: DAY_MS,
          keysMax: 1000,
          ...key,
        },
        ...parts,
      }),
    );
}

const other = { owner: 'other-intake' };

export function idempotencyContract(makeStore: MakeStore): void {
  test('what was stored whole is answered as the first time, with its receipt, whoever sends it again', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const first = await send({});
      assert.equal(first.status, 'appended');
      assert.equal('keptMs' in first && first.keptMs, DAY_MS);
      const replayed = { status: 'replayed', appendedBefore: 2, receiptRef: REF, keptMs: DAY_MS };
      assert.deepEqual(await send(other, { ref: ANOTHER_REF }), replayed);
      assert.deepEqual(await send({}), replayed);
      assert.equal((await steps.view()).pending, 2);
      assert.equal(await steps.store.receipt(`s0${ANOTHER_REF}`), null);
    }));

  test('another key is another request; the same key with something else is refused, and nothing is stored', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send({});
      assert.equal((await send({ id: '7' })).status, 'appended');
      assert.deepEqual(await send({ fingerprint: 'something-e' }), { status: 'key-reused', keptMs: DAY_MS });
      assert.equal((await steps.view()).pending, 4);
    }));

  test("between its pieces a request is its owner's alone; when he is silent, another goes on behind what is stored", () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send({}, { last: false });
      await steps.advance(1000);
      await send({ nth: 1 }, { last: false });
      await steps.advance(CLAIM_MS - 1);
      assert.deepEqual(await send(other), { status: 'in-progress', forMs: 1, keptMs: DAY_MS });
      await steps.advance(1);
      const resumed = { status: 'resumed', appendedBefore: 4, pieces: 2, receiptRef: REF, keptMs: DAY_MS };
      assert.deepEqual(await send(other, { ref: ANOTHER_REF }), resumed);
      assert.deepEqual(await send(other, { ref: ANOTHER_REF }), resumed, 'the answer of the takeover was lost');
      assert.equal((await send({ nth: 2 })).status, 'in-progress', 'the first owner comes too late');
      assert.equal((await send({ ...other, nth: 2 })).status, 'appended');
      const replayed = { status: 'replayed', appendedBefore: 6, receiptRef: REF, keptMs: DAY_MS };
      assert.deepEqual(await send({}), replayed);
      assert.equal((await steps.view()).pending, 6);
      assert.deepEqual((await steps.store.receipt(`s0${REF}`))?.counts.pending, 6);
    }));

  test('a piece that comes twice under its own number is answered as the first time', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const first = await send({}, { last: false, sequence: 77 });
      assert.deepEqual(await send({}, { last: false, sequence: 77 }), { ...first, ...AGAIN });
      assert.equal((await send({ nth: 1 })).status, 'appended');
    }));

  test('a key leads to the receipt of its request, also of one that is half stored', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const key = { connectionId: CONNECTION, id: '4611686018427387904', windowMs: DAY_MS };
      assert.equal(await steps.store.receiptRefOfKey(key), null);
      assert.equal(await steps.store.isKeyRemembered(key), false);
      await send({}, { last: false });
      assert.equal(await steps.store.isKeyRemembered(key), true);
      assert.equal(await steps.store.receiptRefOfKey(key), REF);
      await send({ id: '7' }, { receiptId: null });
      assert.equal(await steps.store.receiptRefOfKey({ ...key, id: '7' }), null);
      assert.equal(await steps.store.isKeyRemembered({ ...key, id: '7' }), true, 'without a receipt as well');
    }));

  test('a refused request is not remembered', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      assert.equal((await send({}, { pendingMax: 1 })).status, 'full');
      assert.equal((await send({})).status, 'appended');
    }));

  test('who wants no receipt is answered without one', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send({}, { receiptId: null });
      const again = await send({}, { receiptId: null });
      assert.deepEqual(again, { status: 'replayed', appendedBefore: 2, receiptRef: null, keptMs: DAY_MS });
    }));

  test('a stream that comes again goes on under the receipt of the first; its lines are found by their ids', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const rejected = (index: number) => ({ index, pointer: '#', code: 'line_not_json', message: 'It is not JSON.' });
      const dedupe = { windowMs: DAY_MS, idsMax: 1000 };
      const groups = [{ itemId: 'a', entries: makeEntries(2, { receiptRef: REF }), ids: ['11', '12'] }];
      const piece = { rejected: 1, rejectedEntries: [rejected(2)], groups, dedupe, lastLine: 3, last: false };
      assert.equal((await send({ nth: null }, piece)).status, 'appended');
      const resumed = { status: 'resumed', appendedBefore: 0, pieces: 0, receiptRef: REF, keptMs: DAY_MS };
      assert.deepEqual(await send({ ...other, nth: null }, { ...piece, ref: ANOTHER_REF }), resumed);
      const again = await send({ ...other, nth: null }, piece);
      assert.deepEqual(['appended' in again && again.appended, 'duplicates' in again && again.duplicates], [0, 2]);
      const rest = [{ itemId: 'a', entries: makeEntries(1, { receiptRef: REF, from: 3 }), ids: ['13'] }];
      await send({ ...other, nth: null }, { groups: rest, dedupe, lastLine: 4 });
      const receipt = await steps.store.receipt(`s0${REF}`);
      assert.deepEqual(
        [receipt?.counts.pending, receipt?.counts.duplicates, receipt?.counts.rejected, receipt?.entries.length],
        [3, 0, 1, 1],
      );
      assert.deepEqual([receipt?.lastLine, receipt?.complete], [4, true]);
    }));

  test('a key is remembered for its window, and not for twice as long', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      await send({});
      await steps.advance(DAY_MS - 1);
      assert.equal((await send({})).status, 'replayed');
      await steps.advance(1);
      assert.equal((await send({})).status, 'appended');
    }));

  test('over the most that are remembered the oldest go first, and how far back they are known is said', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      let kept = 0;
      for (let n = 1; n <= 100; n++) {
        await steps.advance(1000);
        const result = await send({ id: String(n * 1_000_000_007), keysMax: 40 });
        assert.equal(result.status, 'appended');
        kept = Number('keptMs' in result && result.keptMs);
      }
      assert.ok(kept >= 30_000 && kept <= 41_000, `${kept} ms`);
      for (let n = 71; n <= 100; n++) {
        const result = await send({ id: String(n * 1_000_000_007), keysMax: 40 });
        assert.equal(result.status, 'replayed', `key ${n}`);
      }
      assert.equal((await send({ id: '1000000007', keysMax: 40 })).status, 'appended', 'the first');
    }));

  test('thousands of keys are each found again, and nothing else is', () =>
    withStore(makeStore, async (steps) => {
      const send = sender(steps);
      const idOf = (n: number) => String((BigInt(n + 1) * 0x9e37_79b9_7f4a_7c15n) & 0x7fff_ffff_ffff_ffffn);
      const bare = { groups: [], receiptId: null };
      for (let n = 0; n < 2000; n++) await send({ id: idOf(n), keysMax: 1_000_000 }, bare);
      for (let n = 0; n < 2000; n++)
        assert.equal((await send({ id: idOf(n), keysMax: 1_000_000 }, bare)).status, 'replayed', `key ${n}`);
      assert.equal((await send({ id: idOf(2000), keysMax: 1_000_000 }, bare)).status, 'appended');
    }));
}

const AGAIN = { status: 'again', wakeAtMs: null, keptMs: null };
