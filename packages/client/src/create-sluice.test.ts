import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { ACTIVITY, openClient, type Sent, settle, stored } from '../test/support/fake-intake.ts';
import { SluiceError } from './sluice-error.ts';

const codes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'stored' : (result.reason as SluiceError).code));

const rejection = (index: number) => ({
  index,
  pointer: `#/activities/${index}/type`,
  code: 'type_unknown',
  message: 'type must be one of viewed.',
});

test('an activity is posted in bulk, with an id of its own, and resolves with its receipt', async () => {
  const { sluice, sent, clock } = openClient(stored, { apiKey: 'secret' });
  const promise = sluice.track({ ...ACTIVITY, startDateTime: new Date(Date.UTC(2026, 0, 31)) });
  await clock.advance(20);
  assert.deepEqual(await promise, { id: 'made-1', connection: 'hr1', receiptId: 'r1' });
  const [{ url, headers, activities } = {} as Sent] = sent;
  assert.equal(url, 'http://intake.test/v1/connections/hr1/activities');
  assert.deepEqual(activities, [
    {
      itemId: 'a1',
      type: 'viewed',
      startDateTime: '2026-01-31T00:00:00.000Z',
      performedBy: ACTIVITY.performedBy,
      id: 'made-1',
    },
  ]);
  assert.equal(headers['authorization'], 'Bearer secret');
  assert.equal(headers['idempotency-key'], 'made-2');
});

test('what comes within the linger goes together, each connection by itself', async () => {
  const { sluice, sent, clock } = openClient(stored);
  const all = [sluice.track(ACTIVITY), sluice.track({ ...ACTIVITY, connection: 'tickets' }), sluice.track(ACTIVITY)];
  await clock.advance(19);
  assert.equal(sent.length, 0);
  await clock.advance(1);
  await Promise.all(all);
  assert.deepEqual(
    sent.map(({ url, activities }) => [url.split('/')[5], activities.length]),
    [
      ['hr1', 2],
      ['tickets', 1],
    ],
  );
});

test('a full batch does not linger: by number, and by bytes', async () => {
  const { sluice, sent } = openClient(stored, { batchActivitiesMax: 3 });
  await Promise.all([sluice.track(ACTIVITY), sluice.track(ACTIVITY), sluice.track(ACTIVITY)]);
  assert.deepEqual([sent.length, sent[0]?.activities.length], [1, 3]);

  const bytes = openClient(stored, { batchBytesMax: 8192 });
  const tracked = Array.from({ length: 100 }, () => bytes.sluice.track(ACTIVITY));
  await bytes.sluice.flush();
  await Promise.all(tracked);
  assert.ok(bytes.sent.length >= 2);
  for (const { text } of bytes.sent) assert.ok(Buffer.byteLength(text) <= 8192, `${text.length} bytes`);
});

test('207: the blamed one rejects with pointer, code and rule; its neighbours are stored', async () => {
  const told: unknown[] = [];
  const { sluice } = openClient(
    () => ({ status: 207, body: { receiptId: 'r1', accepted: 1, duplicates: 1, rejected: [rejection(1)] } }),
    { onRejected: (activity, error) => told.push([activity.id, error.code]), onStored: (batch) => told.push(batch) },
  );
  const all = ['x', 'y', 'z'].map((id) => sluice.track({ ...ACTIVITY, id }));
  await sluice.flush();
  const results = await Promise.allSettled(all);
  assert.deepEqual(codes(results), ['stored', 'type_unknown', 'stored']);
  const error = (results[1] as PromiseRejectedResult).reason;
  assert.ok(error instanceof SluiceError);
  assert.deepEqual(
    [error.pointer, error.stored, error.message],
    ['#/type', 'no', 'type_unknown at #/type: type must be one of viewed.'],
  );
  assert.deepEqual(told, [
    ['y', 'type_unknown'],
    { connection: 'hr1', receiptId: 'r1', accepted: 1, duplicates: 1, rejected: 1 },
  ]);
});

test('400 and 401 reject at once, with the problem', async () => {
  const { sluice } = openClient((_sent, nth) =>
    nth === 1
      ? { status: 400, body: { code: 'no_valid_activity', detail: 'None.', rejected: [rejection(0), rejection(1)] } }
      : {
          status: 401,
          body: { code: 'key_unknown', detail: 'Who are you?' },
          headers: { 'x-request-id': 'q1' },
        },
  );
  const first = [sluice.track(ACTIVITY), sluice.track(ACTIVITY)];
  await sluice.flush();
  assert.deepEqual(codes(await Promise.allSettled(first)), ['type_unknown', 'type_unknown']);
  const second = sluice.track(ACTIVITY);
  await sluice.flush();
  await assert.rejects(second, (error: SluiceError) => {
    assert.deepEqual(error.problem, { status: 401, code: 'key_unknown', detail: 'Who are you?', requestId: 'q1' });
    return error.code === 'key_unknown' && error.stored === 'no';
  });
});

test('what was not answered is sent again, as it was, under the same key, never before Retry-After', async () => {
  const postponed: unknown[] = [];
  const { sluice, sent, clock } = openClient(
    (one, nth) => {
      if (nth === 1) throw new Error('reset');
      if (nth === 2) return { status: 503, headers: { 'retry-after': '3' } };
      return stored(one);
    },
    { onPostponed: ({ problem, delayMs }) => postponed.push([problem.status, delayMs]) },
  );
  const promise = sluice.track(ACTIVITY);
  await clock.advance(20);
  assert.equal(sent.length, 1);
  await clock.advance(49); // half of the base of 100
  assert.equal(sent.length, 1);
  await clock.advance(1);
  assert.equal(sent.length, 2);
  await clock.advance(3099); // 3 s and half of 200
  assert.equal(sent.length, 2);
  await clock.advance(1);
  await promise;
  assert.deepEqual(postponed, [
    [0, 50],
    [503, 3100],
  ]);
  assert.equal(new Set(sent.map(({ text }) => text)).size, 1);
  assert.equal(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size, 1);
});

test('while a connection is refused, one request at a time asks again; another connection goes on', async () => {
  let refuse = true;
  const { sluice, sent, clock } = openClient(
    (one) => (refuse && one.url.includes('hr1') ? { status: 503, headers: { 'retry-after': '1' } } : stored(one)),
    { batchActivitiesMax: 1 },
  );
  const all = Array.from({ length: 8 }, () => sluice.track(ACTIVITY));
  await settle();
  assert.equal(sent.length, 4);
  await sluice.track({ ...ACTIVITY, connection: 'tickets' });
  await clock.advance(1050);
  assert.equal(sent.filter(({ url }) => url.includes('hr1')).length, 5);
  refuse = false;
  await clock.advance(1200);
  await Promise.all(all);
});

test('a try that takes too long is cut off and made again', async () => {
  const { sluice, sent, clock } = openClient((one, nth) => (nth === 1 ? new Promise(() => undefined) : stored(one)), {
    requestTimeoutMs: 1000,
  });
  const promise = sluice.track(ACTIVITY);
  await clock.advance(20);
  await clock.advance(1050);
  await promise;
  assert.equal(sent.length, 2);
  assert.equal(sent[0]?.signal.aborted, true);
});

test('a 202 that is not an intake’s is not believed', async () => {
  const { sluice, sent, clock } = openClient((one, nth) =>
    nth === 1
      ? { status: 202, body: '<html>' }
      : nth === 2
        ? { status: 202, body: { accepted: 7, duplicates: 0 } }
        : stored(one),
  );
  const promise = sluice.track(ACTIVITY);
  await clock.advance(500);
  await promise;
  assert.equal(sent.length, 3);
});

test('past its deadline an activity rejects, saying whether it may be stored; younger ones of its request go on', async () => {
  const full = { status: 503, body: { code: 'backlog_full', detail: 'Full.' }, headers: { 'retry-after': '9.85' } };
  const { sluice, sent, clock } = openClient((one, nth) => (nth === 1 ? full : stored(one)), {
    deadlineMs: 10_000,
    lingerMs: 200,
  });
  const old = Promise.allSettled([sluice.track(ACTIVITY)]);
  await clock.advance(150);
  const young = sluice.track(ACTIVITY);
  await clock.advance(9850);
  const [result] = await old;
  assert.deepEqual(codes([result!]), ['deadline_exceeded']);
  const { stored: known, problem } = (result as PromiseRejectedResult).reason as SluiceError;
  assert.deepEqual([known, problem?.code], ['unknown', 'backlog_full']);
  // Sent at 200 ms, and again 9.85 s and half of the base later: after the deadline of one, before that of the other.
  await clock.advance(100);
  await young;
  assert.deepEqual(
    sent.map(({ activities }) => activities.length),
    [2, 2],
  );
});

test('a closed connection holds nothing of what met its deadline, and no timer', async () => {
  const { sluice, clock } = openClient(() => ({ status: 503, headers: { 'retry-after': '86400' } }), {
    deadlineMs: 1000,
    bufferActivitiesMax: 2,
  });
  for (let round = 0; round < 3; round++) {
    const pair = Promise.allSettled([sluice.track(ACTIVITY), sluice.track(ACTIVITY)]);
    await clock.advance(1001);
    assert.deepEqual(codes(await pair), ['deadline_exceeded', 'deadline_exceeded']);
  }
  await sluice.close();
});

test('a full buffer makes track wait, room() says when, and beyond as many waiting it refuses', async () => {
  const gates: (() => void)[] = [];
  const { sluice, sent } = openClient(
    async (one) => {
      await new Promise<void>((open) => gates.push(open));
      return stored(one);
    },
    { bufferActivitiesMax: 2, batchActivitiesMax: 2 },
  );
  const all = Array.from({ length: 4 }, () => sluice.track(ACTIVITY));
  await settle();
  assert.deepEqual([sent.length, sent[0]?.activities.length], [1, 2]);
  await assert.rejects(sluice.track(ACTIVITY), { code: 'buffer_full', stored: 'no' });
  let isRoom = false;
  void sluice.room().then(() => {
    isRoom = true;
  });
  gates.shift()!();
  await settle();
  assert.deepEqual([sent.length, isRoom], [2, false]);
  gates.shift()!();
  await Promise.all(all);
  await eventually(() => isRoom, { withinMs: 5000, what: 'there is room' });
});

test('flush does not linger, and waits for rejections as well; close takes nothing more', async () => {
  const { sluice, sent } = openClient((one, nth) => (nth === 1 ? { status: 403, body: {} } : stored(one)));
  const refused = sluice.track(ACTIVITY);
  const caught = assert.rejects(refused, { code: 'unexpected_status' });
  await sluice.flush();
  await caught;
  const last = sluice.track(ACTIVITY);
  await Promise.all([sluice.close(), sluice.close()]);
  await last;
  assert.equal(sent.length, 2);
  await assert.rejects(sluice.track(ACTIVITY), { code: 'client_closed' });
});

test('close with a limit gives up what is open then, and cuts requests off', async () => {
  const { sluice, sent, clock } = openClient(() => new Promise(() => undefined));
  const ended = Promise.allSettled([sluice.track(ACTIVITY)]);
  await clock.advance(20);
  const closed = sluice.close({ withinMs: 500 });
  await clock.advance(500);
  await closed;
  const [result] = await ended;
  assert.deepEqual(codes([result!]), ['client_closed']);
  assert.equal(((result as PromiseRejectedResult).reason as SluiceError).stored, 'unknown');
  assert.equal(sent[0]?.signal.aborted, true);
});

test('one activity that spoils the whole body is found by halves', async () => {
  const { sluice, sent } = openClient((one) =>
    one.activities.some(({ itemId }) => itemId === 'poison')
      ? { status: 400, body: { code: 'body_too_deep', detail: 'Deep.' } }
      : stored(one),
  );
  const items = ['a', 'b', 'poison', 'c', 'd'];
  const all = items.map((item) => sluice.track({ ...ACTIVITY, item }));
  await sluice.flush();
  assert.deepEqual(codes(await Promise.allSettled(all)), ['stored', 'stored', 'body_too_deep', 'stored', 'stored']);
  assert.equal(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size, sent.length);
});

test('what cannot be sent is refused at once and costs nobody else', async () => {
  const { sluice, sent } = openClient(stored);
  const loop: Record<string, unknown> = { ...ACTIVITY };
  loop['performedBy'] = loop;
  await assert.rejects(sluice.track(loop as never), { code: 'activity_not_json' });
  await assert.rejects(sluice.track({ ...ACTIVITY, id: 'x'.repeat(2_000_000) }), { code: 'activity_too_large' });
  await sluice.close();
  assert.equal(sent.length, 0);
});

test('gzip where it pays', async () => {
  const { sluice, sent } = openClient(stored, { gzipBytesMin: 1000 });
  const one = sluice.track(ACTIVITY);
  await sluice.flush();
  await one;
  const many = Array.from({ length: 50 }, () => sluice.track(ACTIVITY));
  await sluice.flush();
  await Promise.all(many);
  assert.deepEqual(
    sent.map(({ headers, activities }) => [headers['content-encoding'] ?? null, activities.length]),
    [
      [null, 1],
      ['gzip', 50],
    ],
  );
});

test('with onRejected a promise that nobody awaits is no unhandled rejection', async () => {
  const told: string[] = [];
  const { sluice } = openClient(() => ({ status: 403, body: { code: 'forbidden' } }), {
    onRejected: (_activity, error) => told.push(error.code),
  });
  void sluice.track(ACTIVITY);
  await sluice.flush();
  void sluice.close();
  void sluice.track(ACTIVITY);
  await settle();
  assert.deepEqual(told, ['forbidden', 'client_closed']);
});

test('a key may be a function, asked before each try', async () => {
  let asked = 0;
  const { sluice, sent, clock } = openClient((one, nth) => (nth === 1 ? { status: 500 } : stored(one)), {
    apiKey: async () => `token-${++asked}`,
  });
  const promise = sluice.track(ACTIVITY);
  await clock.advance(100);
  await promise;
  assert.deepEqual(
    sent.map(({ headers }) => headers['authorization']),
    ['Bearer token-1', 'Bearer token-2'],
  );
});

test('options that make no sense are refused by name', () => {
  const open = (options: object) => () => openClient(stored, options as never);
  assert.throws(open({ url: 'ftp://x' }), /url is "ftp:\/\/x"/);
  assert.throws(open({ batchActivitiesMax: 5001 }), /batchActivitiesMax is 5001; it must be a number from 1 to 5000/);
  assert.throws(open({ lingerMs: '5' }), /lingerMs/);
});
