/* Paused by an operator, held or with an open breaker by us: who may call, and how it ends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Block } from '@sluice/core';
import { ACK, CONNECTION, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, saidBy, withStore } from './steps.ts';

const NOW = { lingerMs: 0, entriesMax: 1 };
const HELD: Block = { kind: 'held', reason: 'forbidden', probeEveryMs: 5000 };
const FAILED = { quota: 'none', failed: true } as const;
const BREAKER: Block = { kind: 'breaker', reason: '503', probeEveryMs: 2000 };

export function blockContract(makeStore: MakeStore): void {
  test('a paused connection leases nothing and wakes nobody until it is resumed', () =>
    withStore(makeStore, async ({ store, append, advance, lease, refusal, view, nowMs }) => {
      await append('a', makeEntries(1));
      await store.pause(CONNECTION);
      assert.equal((await view()).state, 'paused');
      await advance(60_000);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), []);
      assert.deepEqual(saidBy(await refusal(NOW)), { reason: 'paused', untilMs: null });
      const appended = await append('a', makeEntries(20, { from: 1 }));
      assert.ok('wakeAtMs' in appended && appended.wakeAtMs === null);
      await advance(60_000);
      assert.deepEqual(await store.sweep({ lateMs: 0, notWithinMs: 0 }), []);
      assert.equal(await store.resume(CONNECTION), await nowMs());
      assert.equal((await view()).state, 'flowing');
      await lease(NOW);
    }));

  test('what is in flight when a connection is paused settles as ever, and wakes nobody', () =>
    withStore(makeStore, async ({ store, append, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const calls = [await lease(NOW), await lease(NOW)];
      await store.pause(CONNECTION);
      assert.equal((await settle(calls[0]!, ACK)).status, 'settled');
      assert.equal((await settle(calls[1]!, makeRequeue())).wakeAtMs, null);
      const { delivered, delayed, state } = await view();
      assert.deepEqual([delivered, delayed, state], [1, 1, 'paused']);
    }));

  test('resuming wakes nobody when nothing is pending', () =>
    withStore(makeStore, async ({ store, append, lease, settle }) => {
      await append('a', makeEntries(1));
      await settle(await lease(NOW), ACK);
      await store.pause(CONNECTION);
      assert.equal(await store.resume(CONNECTION), null);
    }));

  test('a connection can be paused before its first entry', () =>
    withStore(makeStore, async ({ store, append, refusal }) => {
      await store.pause(CONNECTION);
      assert.equal(await store.connection(CONNECTION), null);
      assert.deepEqual(await store.connectionIds(), []);
      await append('a', makeEntries(1));
      assert.equal((await refusal(NOW)).reason, 'paused');
    }));

  for (const block of [HELD, BREAKER]) {
    test(`a connection that is stopped (${block.kind}) lets one probe through when its time has come`, () =>
      withStore(makeStore, async (steps) => {
        const { advance, lease, refusal, settle, view, nowMs } = steps;
        await stop(steps, block);
        const { state, reason, nowMs: start } = await view();
        assert.deepEqual([state, reason], [block.kind, block.reason]);
        assert.deepEqual(saidBy(await refusal(NOW)), { reason: block.kind, untilMs: start + block.probeEveryMs });
        await advance(block.probeEveryMs - 1);
        assert.equal((await refusal(NOW)).reason, block.kind);
        await advance(1);
        const probe = await lease(NOW);
        assert.equal(probe.probe, true);
        const untilMs = (await nowMs()) + block.probeEveryMs;
        await settle(probe, makeRequeue(), FAILED);
        assert.deepEqual(saidBy(await refusal(NOW)), { reason: block.kind, untilMs });
        await advance(block.probeEveryMs);
        assert.equal((await lease(NOW)).probe, true);
      }));

    test(`one probe at a time (${block.kind}): the next waits until the last is settled or its lease is reclaimed`, () =>
      withStore(makeStore, async (steps) => {
        const { advance, lease, refusal, settle } = steps;
        await stop(steps, block);
        await advance(block.probeEveryMs);
        const hanging = await lease(NOW);
        const hangsUntilMs = hanging.nowMs + 30_000;
        await advance(20_000);
        assert.deepEqual(saidBy(await refusal(NOW)), { reason: block.kind, untilMs: hangsUntilMs });
        // It failed in the end: its time has long come, and nobody waits for the promise of the refusal.
        const settledAtMs = hanging.nowMs + 20_000;
        assert.equal(
          (await settle(hanging, makeRequeue({ delayMs: 60_000 }), FAILED)).wakeAtMs,
          hanging.nowMs + block.probeEveryMs,
        );
        const next = await lease(NOW);
        assert.deepEqual([next.probe, next.nowMs], [true, settledAtMs]);
        await advance(29_999);
        assert.equal((await refusal(NOW)).reason, block.kind);
        await advance(1);
        assert.equal((await lease(NOW)).probe, true);
      }));
  }

  test('each probe goes to another item, so that one that is always refused keeps nothing stopped', () =>
    withStore(makeStore, async (steps) => {
      const { append, advance, lease, settle } = steps;
      for (const itemId of ['a', 'b', 'c']) {
        await append(itemId, makeEntries(2));
        await advance(1);
      }
      await settle(await lease(NOW), makeRequeue(), { quota: 'none', failed: null, block: HELD });
      const probed = [];
      for (let n = 0; n < 4; n++) {
        await advance(5000);
        const probe = await lease(NOW);
        probed.push(probe.itemId);
        await settle(probe, makeRequeue({ counted: false }), { quota: 'none', failed: null, block: HELD });
      }
      assert.deepEqual(probed, ['a', 'b', 'c', 'a']);
    }));

  test('calls that were answered 404 are counted until one is found, and a stop that presumes the connection missing is void then', () =>
    withStore(makeStore, async ({ append, lease, settle, view, advance }) => {
      const MISSING = { quota: 'accepted', failed: false, target: 'missing' } as const;
      const PRESUMED = { quota: 'none', failed: null, target: 'presumed', block: HELD } as const;
      await append('a', makeEntries(20));
      const calls = [await lease(NOW), await lease(NOW), await lease(NOW)];
      assert.deepEqual(
        calls.map(({ missedBefore }) => missedBefore),
        [0, 0, 0],
      );
      await settle(calls[0]!, makeRequeue({ delayMs: 60_000 }), MISSING);
      await settle(calls[1]!, makeRequeue({ delayMs: 60_000 }), MISSING);
      const [third, late] = [await lease(NOW), await lease(NOW)];
      assert.deepEqual([third.missedBefore, late.missedBefore], [2, 2]);
      await settle(third, makeRequeue({ counted: false }), PRESUMED);
      assert.equal((await view()).state, 'held');
      await advance(5000);
      const probe = await lease(NOW);
      assert.deepEqual([probe.probe, probe.missedBefore], [true, 3]);
      await settle(probe, ACK, { target: 'found' });
      assert.equal((await view()).state, 'flowing');
      await settle(late, makeRequeue({ counted: false }), PRESUMED);
      assert.equal((await view()).state, 'flowing');
      assert.equal((await lease(NOW)).missedBefore, null);
    }));

  test('a probe that Graph takes ends the stop, and somebody is woken', () =>
    withStore(makeStore, async (steps) => {
      const { advance, lease, refusal, settle, view, nowMs } = steps;
      await stop(steps, HELD);
      await advance(5000);
      const probe = await lease(NOW);
      await advance(100);
      // The refusal promises to come back in seconds; the end of the stop must not wait for that.
      await refusal(NOW);
      assert.equal((await settle(probe, ACK)).wakeAtMs, await nowMs());
      const { state, reason } = await view();
      assert.deepEqual([state, reason], ['flowing', null]);
      assert.equal((await lease(NOW)).probe, false);
    }));

  test('a probe that does not fail ends the stop even if it says nothing of the quota; one that says nothing does not', () =>
    withStore(makeStore, async (steps) => {
      const { advance, lease, settle, view } = steps;
      await stop(steps, BREAKER);
      await advance(2000);
      await settle(await lease(NOW), makeRequeue(), { quota: 'none', failed: null });
      assert.equal((await view()).state, 'breaker');
      await advance(2000);
      await settle(await lease(NOW), ACK, { quota: 'none', failed: false });
      assert.equal((await view()).state, 'flowing');
      await stop(steps, BREAKER);
      await advance(2000);
      await settle(await lease(NOW), ACK, { quota: 'accepted', failed: null });
      assert.equal((await view()).state, 'flowing');
    }));

  test('a probe that is stopped itself renews the stop with its reason, and the next probe counts from there', () =>
    withStore(makeStore, async (steps) => {
      const { advance, lease, refusal, settle, view } = steps;
      await stop(steps, HELD);
      await advance(5000);
      const probe = await lease(NOW);
      await advance(700);
      await settle(probe, makeRequeue(), { quota: 'none', failed: true, block: BREAKER });
      const { state, reason, nowMs } = await view();
      assert.deepEqual([state, reason], ['breaker', '503']);
      assert.deepEqual(saidBy(await refusal(NOW)), { reason: 'breaker', untilMs: nowMs + 2000 });
      await advance(2000);
      // It is one stop with two reasons: the awake clock has not moved since the first.
      assert.equal((await lease(NOW)).awakeMs, probe.awakeMs);
    }));

  test('a probe waits for a closure as any call does', () =>
    withStore(makeStore, async (steps) => {
      const { advance, lease, refusal, nowMs } = steps;
      const start = await stop(steps, HELD, 8000);
      await advance(5000);
      assert.deepEqual(saidBy(await refusal(NOW)), { reason: 'closed', untilMs: start + 8000 });
      await advance(3000);
      assert.equal(await nowMs(), start + 8000);
      assert.equal((await lease(NOW)).probe, true);
    }));

  test('a probe is not used up by a take that finds nothing to send', () =>
    withStore(makeStore, async (steps) => {
      const { append, advance, lease, refusal } = steps;
      await stop(steps, HELD);
      await advance(5000);
      assert.equal((await refusal({ ...NOW, lingerMs: 60_000, entriesMax: 30 })).reason, 'linger');
      await append('b', makeEntries(1));
      assert.equal((await lease(NOW)).probe, true);
    }));

  test('nothing more is taken for a connection that Graph named as missing, until the hold ends', () =>
    withStore(makeStore, async ({ store, append, advance, lease, settle, view }) => {
      await append('a', makeEntries(3));
      const gone = { quota: 'none', failed: null, target: 'missing', block: HELD } as const;
      await settle(await lease(NOW), makeRequeue({ counted: false }), gone);
      assert.deepEqual(await append('b', makeEntries(1)), { status: 'connection-missing', pending: 3 });
      // A request that had begun before goes on.
      assert.equal((await append('b', makeEntries(1, { from: 5 }), { roomFor: 0 })).status, 'appended');
      assert.equal((await view()).appended, 4);
      await store.resume(CONNECTION);
      assert.equal((await append('b', makeEntries(1, { from: 6 }))).status, 'appended');
      await settle(await lease(NOW), makeRequeue({ counted: false }), gone);
      assert.equal((await append('b', makeEntries(1))).status, 'connection-missing');
      await advance(5000);
      await settle(await lease(NOW), ACK, { target: 'found' });
      assert.equal((await append('b', makeEntries(1, { from: 7 }))).status, 'appended');
    }));

  test('resuming ends a stop: calls go again at once, and none of them is a probe', () =>
    withStore(makeStore, async (steps) => {
      const { store, lease, refusal, view, nowMs } = steps;
      await stop(steps, { ...BREAKER, probeEveryMs: 60_000 });
      await refusal(NOW);
      assert.equal(await store.resume(CONNECTION), await nowMs());
      const { state, reason } = await view();
      assert.deepEqual([state, reason], ['flowing', null]);
      const call = await lease(NOW);
      assert.deepEqual([call.probe, call.failedInARow], [false, 0]);
    }));

  test('the awake clock stands still while a connection is paused, held or closed, and only then', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, append, lease, settle } = steps;
      await append('a', makeEntries(20));
      const first = await lease(NOW);
      await advance(100);
      await store.pause(CONNECTION);
      await advance(10_000);
      await store.resume(CONNECTION);
      await advance(10);
      const paused = await lease(NOW);
      assert.equal(paused.awakeMs - first.awakeMs, 110);
      await settle(paused, makeRequeue(), { quota: 'none', failed: null, block: HELD });
      await advance(5000);
      const probe = await lease(NOW);
      assert.equal(probe.awakeMs, paused.awakeMs);
      await advance(300);
      await settle(probe, ACK);
      await advance(7);
      const held = await lease(NOW);
      assert.equal(held.awakeMs - probe.awakeMs, 7);
      await settle(held, makeRequeue(), { quota: 'refused', closeMs: 3000 });
      await advance(1000);
      const longer = { memory: '', intervalUs: 1000, learnAtMs: 0, closedUntilMs: held.nowMs + 4000 };
      assert.equal(await store.learn(CONNECTION, 0, longer), true);
      await advance(3050);
      assert.equal((await lease(NOW)).awakeMs - held.awakeMs, 50);
    }));

  test('a retry first counted within a closure does not count the closure as its age', () =>
    withStore(makeStore, async ({ append, advance, lease, settle }) => {
      await append('a', makeEntries(2));
      const [first, second] = [await lease(NOW), await lease(NOW)];
      await settle(first, makeRequeue(), { quota: 'refused', closeMs: 5000 });
      await advance(2000);
      await settle(second, makeRequeue());
      await advance(3025);
      const again = await lease({ lingerMs: 0 });
      assert.equal(again.awakeMs - first.awakeMs, 25);
      assert.deepEqual(
        again.entries.map((entry) => Number.parseInt(entry.slice(23, 32), 36)),
        [first.awakeMs, first.awakeMs],
      );
    }));
}

/** Twenty entries, and a call that stops the connection (and closes it, when told to). Answers when. */
async function stop({ append, lease, settle, nowMs }: Steps, block: Block, closeMs = 0): Promise<number> {
  await append('a', makeEntries(20));
  await settle(await lease(NOW), makeRequeue(), { quota: 'none', failed: true, closeMs, block });
  return nowMs();
}
