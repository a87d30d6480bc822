import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView, ReceiptView } from '@sluice/core';
import { openFakeIntake } from './fake-parts.ts';

const URL = '/v1/receipts/s0AbCdEf012345';
const COUNTS = {
  pending: 3,
  inFlight: 1,
  delivered: 14,
  dead: 1,
  parked: 0,
  discarded: 0,
  erased: 0,
  expired: 0,
  rejected: 1,
  duplicates: 0,
};
const RECEIPT: ReceiptView = {
  receiptId: 's0AbCdEf012345',
  connectionId: 'hr1',
  acceptedMs: Date.UTC(2026, 0, 31, 13, 45),
  final: false,
  complete: true,
  lastLine: 0,
  retrying: null,
  counts: COUNTS,
  entries: [
    {
      index: 4,
      state: 'dead',
      itemId: 'a1',
      code: 'badRequest',
      message: 'No.',
      requestId: 'r1',
      attempts: 2,
      pointer: null,
    },
    {
      index: 5,
      state: 'rejected',
      itemId: null,
      code: 'type_unknown',
      message: 'Type.',
      requestId: null,
      attempts: 0,
      pointer: '#/activities/5/type',
    },
  ],
  entriesTotal: 2,
};
const CONNECTION = {
  connectionId: 'hr1',
  nowMs: RECEIPT.acceptedMs + 5000,
  state: 'flowing',
  reason: null,
  pending: 4200,
  bucket: { intervalUs: 40_000, closedUntilMs: 0 },
  inFlightLimit: null,
  blockedSinceMs: null,
} as unknown as ConnectionView;

test('a receipt has the promised shape', async () => {
  const { get, store } = openFakeIntake();
  store.receipt = RECEIPT;
  store.connection = CONNECTION;
  const answer = await get(URL);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.deepEqual(answer.body, {
    receiptId: 's0AbCdEf012345',
    connectionId: 'hr1',
    acceptedAt: '2026-01-31T13:45:00.000Z',
    final: false,
    counts: COUNTS,
    waitingFor: [
      {
        reason: 'turn',
        entries: 3,
        until: null,
        detail:
          '4200 activities wait in this connection, and about 25 calls a second are made; the fullest and oldest go first.',
      },
    ],
    entries: [
      { index: 4, itemId: 'a1', state: 'dead', code: 'badRequest', message: 'No.', requestId: 'r1', attempts: 2 },
      {
        index: 5,
        itemId: null,
        state: 'rejected',
        code: 'type_unknown',
        message: 'Type.',
        requestId: null,
        attempts: 0,
        pointer: '#/activities/5/type',
      },
    ],
    entriesTotal: 2,
  });
});

test('what is waited for is said in the words of the connection', async () => {
  const { get, store } = openFakeIntake();
  store.receipt = RECEIPT;
  const bucket = (closedUntilMs: number) => ({ closedUntilMs, intervalUs: 400_000 }) as never;
  for (const [connection, expected] of [
    [{ state: 'paused' }, ['paused', null]],
    [{ state: 'held', reason: '403 Forbidden' }, ['held', null]],
    [{ state: 'breaker' }, ['breaker', null]],
    [{ state: 'closed', bucket: bucket(CONNECTION.nowMs + 1500) }, ['quota', '2026-01-31T13:45:06.500Z']],
    [{ bucket: bucket(CONNECTION.nowMs - 1) }, ['turn', null]],
    [{ nowMs: RECEIPT.acceptedMs + 999 }, ['linger', '2026-01-31T13:45:01.000Z']],
    [{ nowMs: RECEIPT.acceptedMs + 1000 }, ['turn', null]],
  ] as const) {
    store.connection = { ...CONNECTION, ...connection };
    const [waiting] = (await get(URL)).body.waitingFor;
    assert.deepEqual([waiting.reason, waiting.until], expected);
    assert.equal(waiting.entries, 3);
    assert.ok(waiting.detail.length > 5);
  }
  store.connection = null;
  assert.deepEqual((await get(URL)).body.waitingFor, []);
  store.connection = CONNECTION;
  store.receipt = { ...RECEIPT, final: true, counts: { ...COUNTS, pending: 0, inFlight: 0 } };
  assert.deepEqual((await get(URL)).body.waitingFor, []);
});

test('an id that is none, and one that nobody knows, are 404', async () => {
  const { get } = openFakeIntake();
  for (const id of ['x', 's0', '%00', 's0AbCdEf01234%2f']) {
    const answer = await get(`/v1/receipts/${id}`);
    assert.deepEqual([answer.status, answer.body.code], [404, 'receipt_not_found']);
  }
  const answer = await get(URL);
  assert.deepEqual([answer.status, answer.body.code], [404, 'receipt_expired']);
});

test('a store that fails or is silent is 503 in time, and reads are bounded', async () => {
  const { get, store } = openFakeIntake({}, { limits: { readMsMax: 50, readsInFlightMax: 2 } });
  store.receipt = RECEIPT;
  store.onReceipt = () => Promise.reject(new Error('WRONGTYPE canary'));
  const failed = await get(URL);
  assert.deepEqual([failed.status, failed.body.code, failed.headers['retry-after']], [503, 'store_unavailable', '1']);
  assert.doesNotMatch(JSON.stringify(failed.body), /canary/);
  store.onReceipt = () => new Promise(() => {});
  const late = await Promise.all([get(URL), get(URL)]);
  assert.deepEqual(
    late.map(({ status, body }) => [status, body.code]),
    [
      [503, 'store_unavailable'],
      [503, 'store_unavailable'],
    ],
  );
  assert.equal((await get(URL)).body.code, 'overloaded');
});

test('entries that wait for a retry are told apart, with the time of the first; a stop of the connection is for all', async () => {
  const { get, store } = openFakeIntake();
  store.receipt = { ...RECEIPT, retrying: { entries: 2, fromMs: RECEIPT.acceptedMs + 9000 } };
  store.connection = CONNECTION;
  const reasons = async () =>
    (await get(URL)).body.waitingFor.map(({ reason, entries, until }: Record<string, unknown>) => [
      reason,
      entries,
      until,
    ]);
  const retry = ['retry', 2, '2026-01-31T13:45:09.000Z'];
  assert.deepEqual(await reasons(), [['turn', 1, null], retry]);
  store.connection = { ...CONNECTION, nowMs: RECEIPT.acceptedMs + 1 };
  assert.deepEqual(await reasons(), [['linger', 1, '2026-01-31T13:45:01.000Z'], retry]);
  store.connection = { ...CONNECTION, state: 'held', reason: 'Graph says 403.' };
  assert.deepEqual(await reasons(), [['held', 3, null]]);
  store.connection = CONNECTION;
  store.receipt = { ...store.receipt, counts: { ...COUNTS, pending: 2 } };
  assert.deepEqual(await reasons(), [retry]);
});

test('a connection of which nothing is known yet waits for its turn all the same', async () => {
  const { get, store } = openFakeIntake();
  store.receipt = { ...RECEIPT, lastLine: 77, complete: false };
  store.connection = { ...CONNECTION, pending: 1, bucket: null };
  const { body } = await get(URL);
  assert.equal(body.waitingFor[0].detail, '1 activity waits in this connection; the fullest and oldest go first.');
  assert.deepEqual([body.lastLine, body.complete], [77, false]);
});
