/* The promise: by when somebody must call take. Nothing that is stored may be forgotten, and nobody woken for nothing. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { AppendResult } from '@sluice/core';
import { ACK, CONNECTION, makeEntries, makePiece, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, withStore } from './steps.ts';

const NOW = { lingerMs: 0 };
const RUNNING_MS = 700;

export function promiseContract(makeStore: MakeStore): void {
  test('an append asks to be looked at when its item has lingered; a second one within that time asks nobody', () =>
    withStore(makeStore, async ({ append, advance, nowMs }) => {
      const first = await append('a', makeEntries(1));
      assert.equal(wakeOf(first), (await nowMs()) + 1000);
      await advance(300);
      assert.equal(wakeOf(await append('a', makeEntries(1))), null);
      assert.equal(wakeOf(await append('b', makeEntries(1))), null);
    }));

  test('an append that fills an item asks to be looked at now', () =>
    withStore(makeStore, async ({ append, nowMs }) => {
      await append('a', makeEntries(19));
      assert.equal(wakeOf(await append('b', makeEntries(19))), null);
      assert.equal(wakeOf(await append('a', makeEntries(1))), await nowMs());
      assert.equal(wakeOf(await append('b', makeEntries(1))), null);
    }));

  test('whoever took a lease looks again by itself: nobody is woken within that time', () =>
    withStore(makeStore, async ({ store, append, advance, lease, nowMs }) => {
      await append('a', makeEntries(1));
      await lease(NOW);
      const taken = await nowMs();
      assert.equal(wakeOf(await append('b', makeEntries(20))), null);
      await advance(RUNNING_MS - 1);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), []);
      await advance(1);
      assert.equal(await nowMs(), taken + RUNNING_MS);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), [CONNECTION]);
    }));

  test('while a connection is closed an append wakes nobody before it opens', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, settle }) => {
      await append('a', makeEntries(1));
      await settle(await lease(NOW), makeRequeue(), { quota: 'refused', closeMs: 10_000 });
      await refusal(NOW);
      assert.equal(wakeOf(await append('a', makeEntries(20))), null);
      await advance(9999);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), []);
      await advance(1);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), [CONNECTION]);
    }));

  test('a take that waits for an item to linger does not keep one that got full from being looked at now', () =>
    withStore(makeStore, async ({ append, advance, refusal, nowMs }) => {
      await append('a', makeEntries(1));
      await refusal();
      await advance(100);
      assert.equal(wakeOf(await append('a', makeEntries(19))), await nowMs());
    }));

  test('when nothing is left, nobody needs to come, until something is appended', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(1));
      await settle(await lease(NOW), ACK);
      await refusal();
      await advance(3_600_000);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), []);
      assert.equal(wakeOf(await append('a', makeEntries(1))), (await nowMs()) + 1000);
    }));

  test('a retry asks to be looked at when it is due, if nobody comes earlier', () =>
    withStore(makeStore, async ({ append, lease, refusal, settle, nowMs }) => {
      await append('a', makeEntries(4));
      const calls = [];
      for (const entriesMax of [2, 1, 1]) calls.push(await lease({ ...NOW, entriesMax }));
      await refusal();
      const now = await nowMs();
      const retries = [makeRequeue({ delayMs: 9000 }), makeRequeue({ delayMs: 5000, group: 1 })];
      assert.equal((await settle(calls[0]!, retries)).wakeAtMs, now + 5000);
      assert.equal((await settle(calls[1]!, makeRequeue({ delayMs: 6000 }))).wakeAtMs, null);
      assert.equal((await settle(calls[2]!, makeRequeue({ delayMs: 10 }))).wakeAtMs, now + 10);
    }));

  test('the last settlement of a connection with nothing left wakes nobody', () =>
    withStore(makeStore, async ({ append, lease, refusal, settle }) => {
      await append('a', makeEntries(1));
      const call = await lease(NOW);
      await refusal();
      assert.equal((await settle(call, ACK)).wakeAtMs, null);
    }));

  test('a sweep finds the overdue, the longest overdue first, and each only once in its new time', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance } = steps;
      await appendTo(steps, 'late');
      await advance(10);
      await appendTo(steps, 'later');
      await advance(10);
      await appendTo(steps, 'intime');
      await advance(490);
      assert.deepEqual(await store.sweep({ lateMs: 500, notWithinMs: 0 }), ['late', 'later']);
      await advance(10);
      assert.deepEqual(await store.sweep({ lateMs: 500, notWithinMs: 0 }), ['intime']);
      await advance(RUNNING_MS + 490 - 1);
      assert.deepEqual(await store.sweep({ lateMs: 500, notWithinMs: 0 }), []);
      await advance(1);
      assert.deepEqual([...(await store.sweep({ lateMs: 500, notWithinMs: 0 }))].sort(), ['late', 'later']);
    }));

  test('a sweep finds at most a hundred connections; the next one finds the rest', () =>
    withStore(makeStore, async (steps) => {
      const names = Array.from({ length: 103 }, (_, n) => `connection${n}`);
      for (const name of names) await appendTo(steps, name);
      await steps.advance(1);
      const found = await steps.store.sweep({ lateMs: 0, notWithinMs: 0 });
      const rest = await steps.store.sweep({ lateMs: 0, notWithinMs: 0 });
      assert.deepEqual([found.length, rest.length], [100, 3]);
      assert.deepEqual([...found, ...rest].sort(), names.sort());
    }));

  test('a sweep so soon after another finds nothing', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance } = steps;
      await store.sweep({ lateMs: 0, notWithinMs: 400 });
      await appendTo(steps, 'hr');
      await advance(399);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 400 }), []);
      await advance(1);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 400 }), ['hr']);
    }));
}

function wakeOf(result: AppendResult): number | null {
  assert.ok('wakeAtMs' in result, `appended was expected, not ${result.status}`);
  return result.wakeAtMs;
}

/** One entry that wants to be looked at now. */
function appendTo({ store }: Steps, connectionId: string) {
  const groups = [{ itemId: 'a', entries: makeEntries(1) }];
  return store.append(makePiece({ connectionId, lane: connectionId, groups, lingerMs: 0 }));
}
