/* /api/v1/connections/{id}/items, one item and calls, asked as an operator's program asks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACK,
  makeDeadLetter,
  makeEntries,
  makePiece,
  makeRequeue,
  makeSettle,
  makeSettlement,
  makeTake,
} from '@sluice/testing';
import { openTestConsole } from './open-test-console.ts';

const HR = '/api/v1/connections/hr1';
const TOLD = { status: '207', requestId: 'request-9', reason: 'gone: <b>no</b>', durationMs: 31 };

/** Five entries of `a`: one delivered, one to be tried again in a minute, one dead, two in a call; and two of `b` that wait. */
async function openScene() {
  const opened = openTestConsole();
  const { store, clock } = opened;
  const connectionId = 'hr1';
  const groups = [{ itemId: 'a', entries: makeEntries(5) }];
  await store.append(makePiece({ connectionId, lingerMs: 0, groups }));
  await clock.advance(1000);
  const first = await store.take(
    makeTake({ connectionId, leaseId: 'lease-1', lingerMs: 0, entriesMax: 3, intervalInitialUs: 1 }),
  );
  assert.ok(first.status === 'leased');
  const settlement = makeSettlement([
    ACK,
    makeRequeue({ delayMs: 60_000 }),
    makeDeadLetter({ code: 'gone', message: 'No.' }),
  ]);
  const told = { ...TOLD, itemId: 'a' };
  await store.settle(makeSettle({ connectionId, leaseId: 'lease-1', epoch: first.epoch, settlement, told }));
  await store.take(makeTake({ connectionId, leaseId: 'lease-2', lingerMs: 0, entriesMax: 3, intervalInitialUs: 1 }));
  await store.append(makePiece({ connectionId, sequence: 2, groups: [{ itemId: 'b', entries: makeEntries(2) }] }));
  return opened;
}

test('an item tells where its entries are, when they are tried again, its last call and its dead', async () => {
  const { get } = await openScene();
  const { status, body } = await get(`${HR}/items/a`);
  assert.equal(status, 200);
  assert.deepEqual(
    [body.pending, body.waiting, body.inFlight, body.retrying, body.dead, body.parked],
    [3, 0, 2, 1, 1, 0],
  );
  assert.equal(body.nextTryAt, '2027-01-15T08:01:01.000Z');
  assert.deepEqual(
    [body.lastCall.at, body.lastCall.status, body.lastCall.requestId, body.lastCall.leaseId],
    ['2027-01-15T08:00:01.000Z', '207', 'request-9', 'lease-1'],
  );
  assert.deepEqual(body.explanation, [
    '2 activities are in a call to Graph now.',
    '1 activity is tried again in 60 s.',
    '1 activity is kept as dead letter: gone: No.',
  ]);
});

test('an item that waits says for what, and one that nobody knows of says so', async () => {
  const { get, post, clock } = await openScene();
  const next = (await get(`${HR}/items/b`)).body.explanation;
  assert.deepEqual(next, ['2 wait for a call: its turn is next, as soon as the quota grants a call.']);
  await post(`${HR}/pause`);
  assert.deepEqual((await get(`${HR}/items/b`)).body.explanation, [
    '2 wait for a call: the connection is paused by an operator.',
  ]);
  const ofA = async () => (await get(`${HR}/items/a`)).body.explanation[1];
  assert.equal(
    await ofA(),
    '1 activity is tried again in 60 s at the earliest: the connection is paused by an operator.',
  );
  await clock.advance(60_000);
  assert.equal(await ofA(), '1 activity is tried again when calls go on: the connection is paused by an operator.');
  const { body } = await get(`${HR}/items/never`);
  assert.deepEqual([body.pending, body.lastCall], [0, null]);
  assert.match(body.explanation[0], /^Nothing of this item is pending or dead/);
  assert.equal((await get(`${HR}/items/a%20b`)).status, 400);
  assert.equal((await get('/api/v1/connections/other/items/a')).status, 404);
});

test('the fullest and oldest items are listed, and the calls that were not wholly delivered', async () => {
  const { get } = await openScene();
  const { body } = await get(`${HR}/items`);
  const b = { itemId: 'b', pending: 2, oldestPendingAt: '2027-01-15T08:00:01.000Z' };
  assert.deepEqual([body.itemsWaiting, body.fullest, body.oldest], [1, [b], [b]]);
  const { calls } = (await get(`${HR}/calls?errors=1`)).body;
  assert.deepEqual(
    calls.map((call: Record<string, unknown>) => [
      call['itemId'],
      call['reason'],
      call['delivered'],
      call['retried'],
      call['dead'],
    ]),
    [['a', 'gone: <b>no</b>', 1, 1, 1]],
  );
  assert.equal((await get('/api/v1/connections/other/calls')).status, 404);
});
