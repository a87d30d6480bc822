/* The bucket: charged and closed by take and settle as bucket.ts says, learned under its version. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  applyLearning,
  type Bucket,
  countAccepted,
  countRefused,
  grantCall,
  type Learning,
  openBucket,
} from '@sluice/core';
import { ACK, CONNECTION, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, saidBy, withStore } from './steps.ts';

const INTERVAL_US = 33_333;
const QUICK = { entriesMax: 1, lingerMs: 0, intervalInitialUs: INTERVAL_US };

export function quotaContract(makeStore: MakeStore): void {
  test('a granted call is charged as grantCall says, from a bucket opened by the first one', () =>
    withStore(makeStore, async ({ append, advance, lease, view, nowMs }) => {
      await append('a', makeEntries(2));
      await advance(500);
      const start = await nowMs();
      const first = await lease(QUICK);
      const granted = grantCall(openBucket(INTERVAL_US, start), start * 1000);
      assert.deepEqual((await view()).bucket, granted);
      assert.deepEqual(first.learn, granted);
      await advance(200);
      const second = await lease(QUICK);
      assert.equal(second.epoch, 0);
      assert.deepEqual(second.learn, grantCall(granted, (start + 200) * 1000));
    }));

  test('calls that come faster than the rate wait for the whole millisecond after the next token', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, view, nowMs }) => {
      await append('a', makeEntries(5));
      await lease(QUICK);
      const tatUs = (await view()).bucket!.tatUs;
      const untilMs = Math.ceil(tatUs / 1000);
      assert.deepEqual(saidBy(await refusal(QUICK)), { reason: 'quota', untilMs });
      await advance(untilMs - (await nowMs()) - 1);
      assert.equal((await refusal(QUICK)).reason, 'quota');
      await advance(1);
      await lease(QUICK);
    }));

  test('a 429 closes the connection for everybody at once, for as long as it says', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, settle, view, nowMs }) => {
      await append('a', makeEntries(5));
      const call = await lease(QUICK);
      const before = (await view()).bucket!;
      await advance(300);
      const now = await nowMs();
      const settled = await settle(call, requeued, { quota: 'refused', closeMs: 2000 });
      const refused = countRefused(before, 0, now, 2000);
      assert.deepEqual((await view()).bucket, refused);
      assert.deepEqual(settled.learn, refused);
      assert.deepEqual(saidBy(await refusal(QUICK)), { reason: 'closed', untilMs: now + 2000 });
      assert.equal((await view()).state, 'closed');
      await advance(1999);
      assert.equal((await refusal(QUICK)).reason, 'closed');
      await advance(1);
      const next = await lease(QUICK);
      assert.deepEqual([next.epoch, next.refusedInARow], [1, 1]);
    }));

  test('a late 429 of the same closure only prolongs it, and never shortens it', () =>
    withStore(makeStore, async (steps) => {
      const { advance, settle, view } = steps;
      const [first, second, third] = await threeCalls(steps);
      await settle(first!, requeued, { quota: 'refused', closeMs: 2000 });
      const closed = (await view()).bucket!;
      await advance(100);
      await settle(second!, requeued, { quota: 'refused', closeMs: 5000 });
      const prolonged: Bucket = { ...closed, closedUntilMs: (await view()).nowMs + 5000 };
      assert.deepEqual((await view()).bucket, prolonged);
      await settle(third!, requeued, { quota: 'refused', closeMs: 10 });
      assert.deepEqual((await view()).bucket, prolonged);
    }));

  test('only an accepted call of the newest epoch ends the row of closures', () =>
    withStore(makeStore, async (steps) => {
      const { advance, lease, settle, view } = steps;
      const [first, second] = await threeCalls(steps);
      await settle(first!, requeued, { quota: 'refused', closeMs: 1000 });
      await settle(second!, ACK);
      assert.equal((await view()).bucket?.refusedInARow, 1);
      await advance(1000);
      const next = await lease(QUICK);
      const before = (await view()).bucket!;
      await settle(next, ACK);
      assert.deepEqual((await view()).bucket, countAccepted(before, 1));
      assert.equal((await view()).bucket?.refusedInARow, 0);
    }));

  test('a closure that is no throttle closes, but is nothing to learn the rate from', () =>
    withStore(makeStore, async (steps) => {
      const { settle, view, refusal, nowMs } = steps;
      const [first, second] = await threeCalls(steps);
      const before = (await view()).bucket!;
      await settle(first!, requeued, { quota: 'none', closeMs: 3000, failed: true });
      const closedUntilMs = (await nowMs()) + 3000;
      assert.deepEqual((await view()).bucket, { ...before, closedUntilMs });
      assert.deepEqual(saidBy(await refusal(QUICK)), { reason: 'closed', untilMs: closedUntilMs });
      await settle(second!, ACK, { quota: 'accepted', closeMs: 10 });
      assert.equal((await view()).bucket?.closedUntilMs, closedUntilMs);
    }));

  test('a call that says nothing about the quota changes nothing of it', () =>
    withStore(makeStore, async (steps) => {
      const [first] = await threeCalls(steps);
      const before = (await steps.view()).bucket;
      await steps.settle(first!, requeued, { quota: 'none', failed: null });
      assert.deepEqual((await steps.view()).bucket, before);
    }));

  test('a learning is written for its version only, so that of several workers one is believed', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, view } = steps;
      await threeCalls(steps);
      const bucket = (await view()).bucket!;
      await advance(700);
      const now = (await view()).nowMs;
      const learning = makeLearning({ memory: '{"mode":"climb"}', learnAtMs: now + 1000 });
      assert.equal(await store.learn(CONNECTION, 0, learning), true);
      const learned = applyLearning(bucket, 0, learning, now);
      assert.deepEqual((await view()).bucket, learned);
      assert.equal(await store.learn(CONNECTION, 0, makeLearning({ intervalUs: 1 })), false);
      assert.equal(await store.learn(CONNECTION, 2, makeLearning({ intervalUs: 1 })), false);
      assert.deepEqual((await view()).bucket, learned);
      assert.equal(await store.learn(CONNECTION, 1, makeLearning()), true);
    }));

  for (const latenessUs of [0, 60_000]) {
    test(`of a pause, ${latenessUs / 1000} ms are made up for when a learning says so`, () =>
      withStore(makeStore, async ({ store, append, advance, lease, refusal, view, nowMs }) => {
        await append('a', makeEntries(9));
        await lease(QUICK);
        await store.learn(CONNECTION, 0, makeLearning({ latenessUs }));
        await advance(500);
        const granted = grantCall((await view()).bucket!, (await nowMs()) * 1000);
        await lease(QUICK);
        assert.deepEqual((await view()).bucket, granted);
        for (let calls = 0; calls < latenessUs / 20_000; calls++) await lease(QUICK);
        assert.equal((await refusal(QUICK)).reason, 'quota');
      }));
  }

  test('a learning may prolong a closure, never shorten it, and the window starts at its end', () =>
    withStore(makeStore, async (steps) => {
      const { store, settle, view, nowMs } = steps;
      const [first] = await threeCalls(steps);
      await settle(first!, requeued, { quota: 'refused', closeMs: 2000 });
      const now = await nowMs();
      assert.equal(await store.learn(CONNECTION, 0, makeLearning({ closedUntilMs: now + 3000 })), true);
      const prolonged = (await view()).bucket!;
      assert.deepEqual([prolonged.closedUntilMs, prolonged.sinceMs], [now + 3000, now + 3000]);
      assert.deepEqual([prolonged.tatUs, prolonged.refusal], [(now + 3000) * 1000, null]);
      assert.equal(await store.learn(CONNECTION, 1, makeLearning({ closedUntilMs: now + 1 })), true);
      assert.equal((await view()).bucket?.closedUntilMs, now + 3000);
    }));

  test('the bucket is handed out when there is something to learn: the time has come, or a closure', () =>
    withStore(makeStore, async (steps) => {
      const { store, advance, append, lease, refusal, settle, nowMs } = steps;
      const [first, second] = await threeCalls(steps);
      assert.notEqual(first!.learn, null);
      const learnAtMs = (await nowMs()) + 1000;
      await store.learn(CONNECTION, 0, makeLearning({ learnAtMs }));
      assert.equal((await settle(first!, ACK)).learn, null);
      assert.equal((await refusal()).learn, null);
      await advance(999);
      await append('b', makeEntries(1));
      assert.equal((await lease(QUICK)).learn, null);
      await advance(1);
      assert.equal((await refusal()).learn?.version, 1);
      await store.learn(CONNECTION, 1, makeLearning({ learnAtMs: learnAtMs + 60_000 }));
      assert.equal((await settle(second!, requeued, { quota: 'refused', closeMs: 1 })).learn?.version, 2);
    }));
}

const requeued = makeRequeue({ counted: false });

function makeLearning(parts: Partial<Learning> = {}): Learning {
  return { memory: '', intervalUs: 20_000, learnAtMs: 0, closedUntilMs: 0, ...parts };
}

/** Three calls of one epoch, all in flight. */
async function threeCalls({ append, advance, lease }: Steps) {
  await append('a', makeEntries(3));
  const calls = [];
  for (let n = 0; n < 3; n++) {
    calls.push(await lease(QUICK));
    await advance(100);
  }
  return calls;
}
