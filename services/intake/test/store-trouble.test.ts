import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppendResult } from '@sluice/core';
import { eventually } from '@sluice/testing';
import { BULK_URL, ITEM_URL, openFakeIntake, stored, VALID } from './fake-parts.ts';

const never = () => new Promise<never>(() => {});
const lost = () =>
  Promise.reject(
    Object.assign(new Error('connect ECONNREFUSED redis://u:canary@10.0.0.1:6379'), { code: 'ECONNREFUSED' }),
  );

test('an answer that was lost is asked for once more under the same number', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = (piece) =>
    store.pieces.length === 1 ? lost() : ({ ...stored(piece), status: 'again' } as AppendResult);
  const answer = await post(ITEM_URL, VALID);
  assert.deepEqual([answer.status, answer.body.accepted], [202, 1]);
  assert.equal(store.pieces.length, 2);
  assert.deepEqual(store.pieces[1], store.pieces[0]);
  await post(ITEM_URL, VALID);
  assert.equal(store.pieces[2]?.sequence, 2);
});

test('Redis away: 503 after the second failure, without a word of Redis, and logged without its password', async () => {
  const { post, store, logs } = openFakeIntake();
  store.onAppend = lost;
  const answer = await post(ITEM_URL, VALID);
  assert.equal(answer.status, 503);
  assert.equal(answer.body.code, 'store_unavailable');
  assert.equal(answer.headers['retry-after'], '1');
  assert.ok(answer.ms < 3000, `${answer.ms} ms`);
  assert.equal(store.pieces.length, 2);
  assert.doesNotMatch(JSON.stringify(answer.body), /ECONN|6379|canary/);
  assert.match(logs.join(), /storing failed/);
  assert.doesNotMatch(logs.join(), /canary/);
});

test('Redis silent: 503 within a second', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = never;
  const answer = await post(ITEM_URL, VALID);
  assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable']);
  assert.ok(answer.ms >= 650 && answer.ms < 3000, `${answer.ms} ms`);
  assert.equal(store.pieces.length, 1);
});

test('a slow Redis: the time of a request is for all of its pieces, not for each', async () => {
  const { post, store } = openFakeIntake({}, { limits: { requestMsMax: 300 } });
  store.onAppend = async (piece) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return stored(piece);
  };
  const activities = Array.from({ length: 4500 }, (_, n) => ({ ...VALID, itemId: `i${n}` }));
  const answer = await post(BULK_URL, { activities });
  assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable']);
  assert.ok(store.pieces.length < 9, `${store.pieces.length} pieces were asked for`);
});

test('a failure in the last moment is not tried again after the answer', async () => {
  const { post, store } = openFakeIntake({}, { limits: { requestMsMax: 40, retryAfterMs: 30, silentProbeMs: 0 } });
  const failing = Promise.withResolvers<never>();
  store.onAppend = () => failing.promise;
  const answer = await post(ITEM_URL, VALID);
  assert.equal(answer.status, 503);
  failing.reject(new Error('late'));
  // The next request fails once too, later; when its second try is there, the first one's would have been.
  store.onAppend = (piece) => (store.pieces.length === 2 ? lost() : stored(piece));
  const next = await post(ITEM_URL, VALID);
  assert.equal(next.status, 202);
  assert.deepEqual(
    store.pieces.map(({ sequence }) => sequence),
    [1, 2, 2],
  );
});

test('once Redis was silent, the next callers are told at once, until one look finds that it answers again', async () => {
  const { post, store } = openFakeIntake({}, { limits: { requestMsMax: 100, silentProbeMs: 60_000 } });
  store.onAppend = never;
  await post(ITEM_URL, VALID);
  await post(ITEM_URL, VALID);
  assert.equal(store.pieces.length, 1, 'the second was not asked for');
  const waiting = openFakeIntake({}, { limits: { requestMsMax: 100, silentProbeMs: 1 } });
  waiting.store.onAppend = never;
  await waiting.post(ITEM_URL, VALID);
  waiting.store.onAppend = stored;
  await eventually(async () => (await waiting.post(ITEM_URL, VALID)).status === 202, { withinMs: 5000, what: 'taken' });
});

test('Redis refuses for want of memory: 503 store_full, and it is not asked a second time', async () => {
  const { post, store } = openFakeIntake();
  store.onAppend = () => Promise.reject(new Error("OOM command not allowed when used memory > 'maxmemory'."));
  const answer = await post(ITEM_URL, VALID);
  assert.deepEqual([answer.status, answer.body.code], [503, 'store_full']);
  assert.match(String(answer.headers['retry-after']), /^\d+$/);
  assert.doesNotMatch(JSON.stringify(answer.body), /OOM|maxmemory/);
  assert.equal(store.pieces.length, 1);
});

test('Redis nearly full: 503 with the time until there is room, and nothing is asked of it; a bad body is still 400', async () => {
  const { post, store } = openFakeIntake();
  store.fullForS = 7;
  const answer = await post(ITEM_URL, VALID);
  assert.deepEqual([answer.status, answer.body.code, answer.headers['retry-after']], [503, 'store_full', '7']);
  assert.equal((await post(ITEM_URL, { type: 'x' })).status, 400);
  assert.equal(store.pieces.length, 0);
  store.fullForS = null;
  assert.equal((await post(ITEM_URL, VALID)).status, 202);
});

test('pieces in flight are bounded: beyond it 503 at once, and given-up pieces count until the store lets them go', async () => {
  const limits = { piecesInFlightMax: 3, requestMsMax: 100, silentProbeMs: 0 };
  const { post, store } = openFakeIntake({}, { limits });
  const gates: PromiseWithResolvers<void>[] = [];
  store.onAppend = async (piece) => {
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return stored(piece);
  };
  const late = await Promise.all([1, 2, 3].map(() => post(ITEM_URL, VALID)));
  assert.deepEqual(
    late.map(({ status }) => status),
    [503, 503, 503],
  );
  const busy = await post(ITEM_URL, VALID);
  assert.deepEqual([busy.status, busy.body.code], [503, 'overloaded']);
  assert.equal(busy.headers['retry-after'], '1');
  assert.ok(busy.ms < 90, 'at once');
  assert.equal(store.pieces.length, 3, 'nothing more was asked of the store');
  for (const gate of gates) gate.resolve();
  store.onAppend = stored;
  await eventually(async () => (await post(ITEM_URL, VALID)).status === 202, { withinMs: 2000, what: 'room again' });
});

test('pieces of a request go one after another; what fails in the middle ends it', async () => {
  const { post, store } = openFakeIntake({}, { limits: { retryAfterMs: 1 } });
  let inFlight = 0;
  store.onAppend = async (piece) => {
    inFlight++;
    assert.equal(inFlight, 1);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    return piece.sequence === 3 ? { status: 'full', pending: 5 } : stored(piece);
  };
  const activities = Array.from({ length: 2100 }, (_, at) => ({ itemId: `a${at}`, ...VALID }));
  const answer = await post(BULK_URL, { activities: [5, ...activities] });
  assert.deepEqual([answer.status, answer.body.code], [503, 'backlog_full']);
  assert.deepEqual(
    store.pieces.map(({ sequence, last, rejected }) => [sequence, last, rejected]),
    [
      [1, false, 1],
      [2, false, 0],
      [3, false, 0],
    ],
  );
});

test('a receipt names 100 of the rejected activities and counts them all', async () => {
  const { post, store } = openFakeIntake();
  const answer = await post(ITEM_URL, { activities: [VALID, ...Array.from({ length: 150 }, () => 5)] });
  assert.equal(answer.body.rejected.length, 150);
  assert.equal(store.pieces[0]?.rejected, 150);
  assert.equal(store.pieces[0]?.rejectedEntries.length, 100);
});

test('a wake-up that hangs or fails changes no answer; one is asked for only when the store says so', async () => {
  const { post, store, logs } = openFakeIntake();
  store.onWake = never;
  assert.equal((await post(ITEM_URL, VALID)).status, 202);
  store.onWake = lost;
  assert.equal((await post(ITEM_URL, VALID)).status, 202);
  await eventually(() => logs.length > 0, { withinMs: 1000, what: 'the lost wake-up is logged' });
  store.onAppend = (piece) => ({ ...stored(piece), wakeAtMs: null }) as AppendResult;
  assert.equal((await post(ITEM_URL, VALID)).status, 202);
  assert.equal(store.wakes.length, 2);
});

test('wake-ups in flight are bounded', async () => {
  const { post, store } = openFakeIntake({}, { limits: { wakesInFlightMax: 2 } });
  store.onWake = never;
  for (let n = 0; n < 5; n++) assert.equal((await post(ITEM_URL, VALID)).status, 202);
  assert.equal(store.wakes.length, 2);
});

test('a body that is refused is refused for itself, also while Redis is silent', async () => {
  const { post, store } = openFakeIntake({}, { limits: { requestMsMax: 200, silentProbeMs: 60_000 } });
  store.onAppend = never;
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
  assert.equal((await post(ITEM_URL, '{')).status, 400);
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
});

test('a Redis that cannot be reached is silent for the next one as well; one that says no to one of them is not', async () => {
  const { post, store } = openFakeIntake({}, { limits: { retryAfterMs: 1, silentProbeMs: 60_000 } });
  store.onAppend = () => Promise.reject(Object.assign(new Error('ERR of a script'), { name: 'ReplyError' }));
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
  const once = store.pieces.length;
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
  assert.equal(store.pieces.length, 2 * once, 'it is asked for each');
  store.onAppend = lost;
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
  const asked = store.pieces.length;
  assert.equal((await post(ITEM_URL, VALID)).status, 503);
  assert.equal(store.pieces.length, asked, 'and now for none');
});
