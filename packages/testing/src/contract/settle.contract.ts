/* settle: each entry gets what its verdict says, once; what is retried comes back at its time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ENTRY_ATTEMPTS_MAX } from '@sluice/core';
import { ACK, makeDeadLetter, makeEntries, makeEntry, makePark, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { indicesOf, read, withStore } from './steps.ts';

const NOW = { lingerMs: 0 };

export function settleContract(makeStore: MakeStore): void {
  test('only the entries that failed go back; the verdicts together are the batch', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(5));
      const verdicts = [ACK, makeRequeue(), makeDeadLetter(), makePark(), ACK];
      const settled = await settle(await lease(NOW), verdicts);
      assert.equal(settled.status, 'settled');
      const { appended, delivered, retried, dead, parked, pending, leased, delayed } = await view();
      assert.deepEqual([appended, delivered, retried, dead, parked], [5, 2, 1, 1, 1]);
      assert.deepEqual([pending, leased, delayed], [1, 0, 1]);
      assert.equal(appended, delivered + dead + parked + pending);
      assert.deepEqual(indicesOf(await lease(NOW)), [1]);
    }));

  test('a settlement that is sent again changes nothing', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const call = await lease(NOW);
      await settle(call, [ACK, makeRequeue()], { quota: 'refused', closeMs: 1000, failed: true });
      const before = await view();
      const again = await settle(call, [ACK, makeRequeue()], { quota: 'refused', closeMs: 9000, failed: true });
      assert.deepEqual(again, { status: 'again', wakeAtMs: null, nowMs: before.nowMs, learn: null, learnTenant: null });
      assert.deepEqual(await view(), before);
    }));

  test('a settlement that is no partition of its batch is refused and changes nothing', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const call = await lease(NOW);
      const before = await view();
      await assert.rejects(settle(call, [ACK]));
      assert.deepEqual(await view(), before);
      assert.equal((await settle(call, ACK)).status, 'settled');
    }));

  test('a lease whose time is over but that nobody reclaimed settles in full', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const call = await lease(NOW);
      await advance(90_000);
      assert.equal((await settle(call, ACK)).status, 'settled');
      assert.equal((await view()).delivered, 2);
    }));

  test('a counted retry carries its attempts and the awake clock of the first; an uncounted one is unchanged', () =>
    withStore(makeStore, async ({ append, advance, lease, settle }) => {
      await append('a', makeEntries(1));
      const first = await lease(NOW);
      assert.deepEqual(triedOf(first.entries[0]), [0, null]);
      await advance(40);
      await settle(first, makeRequeue({ counted: false }));
      const second = await lease(NOW);
      assert.deepEqual(second.entries, first.entries);
      await advance(60);
      await settle(second, makeRequeue());
      const third = await lease(NOW);
      assert.deepEqual(triedOf(third.entries[0]), [1, first.awakeMs + 100]);
      await advance(60);
      await settle(third, makeRequeue());
      assert.deepEqual(triedOf((await lease(NOW)).entries[0]), [2, first.awakeMs + 100]);
    }));

  test('attempts stop at what their column holds', () =>
    withStore(makeStore, async ({ append, lease, settle }) => {
      const entry = makeEntry();
      await append('a', [`${entry.slice(0, 21)}zz${entry.slice(23)}`]);
      const call = await lease(NOW);
      assert.equal(read(call.entries[0]).attempts, ENTRY_ATTEMPTS_MAX);
      await settle(call, makeRequeue());
      assert.equal(read((await lease(NOW)).entries[0]).attempts, ENTRY_ATTEMPTS_MAX);
    }));

  test('entries of one group wait together, as long as its first entry says, and return to the head in order', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, settle, view }) => {
      await append('a', makeEntries(4));
      const call = await lease(NOW);
      const early = makeRequeue({ group: 3, delayMs: 500 });
      const late = makeRequeue({ group: 1, delayMs: 2000 });
      await settle(call, [late, early, { ...early, delayMs: 9000 }, { ...late, delayMs: 0 }]);
      await append('a', makeEntries(1, { from: 4 }));
      await advance(499);
      assert.equal((await refusal()).reason, 'retry');
      await advance(1);
      assert.equal((await view()).delayed, 4);
      assert.deepEqual(indicesOf(await lease(NOW)), [1, 2, 4]);
      assert.equal((await view()).delayed, 2);
      await advance(1500);
      assert.deepEqual(indicesOf(await lease(NOW)), [0, 3]);
    }));

  test('at most four due retries come back at a take, the earliest first', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, view }) => {
      await append('a', makeEntries(6));
      const verdicts = [5, 4, 3, 2, 1, 6].map((n) => makeRequeue({ group: n, delayMs: n * 10 }));
      await settle(await lease(NOW), verdicts);
      await advance(1000);
      assert.deepEqual(indicesOf(await lease(NOW)).toSorted(), [1, 2, 3, 4]);
      assert.equal((await view()).delayed, 2);
      assert.deepEqual(indicesOf(await lease(NOW)).toSorted(), [0, 5]);
    }));

  test('failed calls in a row are counted, cleared by one that succeeds, and left alone by one that says nothing', () =>
    withStore(makeStore, async ({ append, lease, settle, advance }) => {
      await append('a', makeEntries(1));
      const seen = [];
      for (const failed of [true, true, null, false, null]) {
        // While calls fail, a retry that is alone comes back once a second.
        await advance(1000);
        const call = await lease(NOW);
        seen.push(call.failedInARow);
        await settle(call, makeRequeue(), { quota: 'none', failed });
      }
      assert.deepEqual(seen, [0, 1, 2, 2, 0]);
    }));

  test('entries whose fate nobody knows are counted', () =>
    withStore(makeStore, async ({ append, lease, settle, view }) => {
      await append('a', makeEntries(3));
      const unknown = { entries: 3, reason: 'timeout' };
      await settle(await lease(NOW), makeRequeue(), { quota: 'none', failed: true, unknown });
      assert.equal((await view()).unknown, 3);
    }));

  test('a connection with deadLettersMax dead letters is held, with the reason', () =>
    withStore(makeStore, async ({ append, lease, refusal, settle, view }) => {
      await append('a', makeEntries(3));
      const bound = { deadLettersMax: 2 };
      await settle(await lease({ ...NOW, entriesMax: 1 }), makeDeadLetter(), {}, bound);
      assert.equal((await view()).state, 'flowing');
      await settle(await lease({ ...NOW, entriesMax: 1 }), makeDeadLetter(), {}, bound);
      const { state, reason, deadLetters } = await view();
      assert.deepEqual([state, reason, deadLetters], ['held', 'dead letters full', 2]);
      assert.equal((await refusal()).reason, 'held');
    }));
}

function triedOf(entry: string | undefined): readonly [number, number | null] {
  const { attempts, firstTriedAwakeMs } = read(entry);
  return [attempts, firstTriedAwakeMs];
}
