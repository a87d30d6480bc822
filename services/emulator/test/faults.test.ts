import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually, manualClock } from '@sluice/testing';
import { activities, startWith } from './client.ts';

const isReset = { code: 'ECONNRESET' };

test('a reset call is cut off and not in the ledger', async (t) => {
  const { call, ledger, stats } = await startWith(t, { shares: { reset: 1 } });
  await assert.rejects(call(), isReset);
  assert.deepEqual(await ledger(), []);
  assert.deepEqual((await stats()).byStatus, { reset: 1 });
});

test('a lost call is cut off and in the ledger as not answered', async (t) => {
  const { call, ledger, stats, send } = await startWith(t, { shares: { lost: 1 } });
  await assert.rejects(call({ entries: 3, headers: { 'client-request-id': 'lost-1' } }), isReset);
  const lines = await ledger();
  assert.deepEqual(
    lines.map(({ position, answered, clientRequestId }) => [position, answered, clientRequestId]),
    [
      [0, false, 'lost-1'],
      [1, false, 'lost-1'],
      [2, false, 'lost-1'],
    ],
  );
  assert.deepEqual((await stats()).byStatus, { lost: 1 });
  const [logged] = (await send({ path: '/emulator/calls' })).text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    [logged.status, logged.entries, logged.clientRequestId, logged.call, logged.tenant],
    ['lost', 3, 'lost-1', lines[0]?.call, 'contoso'],
  );
});

test('a 207 appends the entries without error and no other', async (t) => {
  const { call, ledger } = await startWith(t, { shares: { '207': 1 }, entryError: { code: 'busy', message: 'later' } });
  const { status, text } = await call({ entries: 20 });
  assert.equal(status, 207);
  const { value } = JSON.parse(text);
  const fine = value.flatMap(({ error }: { error: object | null }, i: number) => (error === null ? [i] : []));
  assert.ok(fine.length > 0 && fine.length < 20);
  assert.deepEqual(
    (await ledger()).map(({ position }) => position),
    fine,
  );
  const failed = value.find(({ error }: { error: object | null }) => error !== null);
  assert.deepEqual(failed.error, { code: 'busy', message: 'later', target: null, details: [], innerError: null });
});

test("a 500 and a 503 come in Graph's shape and append nothing", async (t) => {
  const { call, behave, ledger } = await startWith(t, {});
  for (const status of [500, 503]) {
    await behave({ latencyMs: [0, 0], shares: { [status]: 1 } });
    const seen = await call();
    assert.deepEqual([seen.status, JSON.parse(seen.text).error.code !== ''], [status, true]);
  }
  assert.deepEqual(await ledger(), []);
});

test('a script answers in order, with its headers and body, and then it is over', async (t) => {
  const script = [
    { status: 429, headers: { 'retry-after': '7', 'request-id': 'scripted' }, body: { error: { code: 'quota' } } },
    { status: 502, body: '<html>Bad Gateway</html>' },
    { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="insufficient_claims", claims="eA=="' } },
    { status: 'lost' },
    { status: 204 },
    { status: 200, body: { value: [] }, apply: false },
  ];
  const { call, ledger } = await startWith(t, { script });
  const throttled = await call();
  assert.deepEqual(
    [throttled.status, throttled.headers['retry-after'], throttled.text],
    [429, '7', '{"error":{"code":"quota"}}'],
  );
  assert.equal(throttled.headers['request-id'], 'scripted');
  const gateway = await call();
  assert.deepEqual(
    [gateway.status, gateway.headers['content-type'], gateway.text],
    [502, 'text/html', '<html>Bad Gateway</html>'],
  );
  assert.match(String((await call()).headers['www-authenticate']), /insufficient_claims/);
  await assert.rejects(call({ item: 'lost' }), isReset);
  assert.equal((await call({ item: 'bare' })).status, 204);
  assert.equal((await call({ item: 'empty' })).text, '{"value":[]}');
  assert.equal((await call({ item: 'usual' })).status, 200);
  assert.deepEqual([...new Set((await ledger()).map(({ item }) => item))], ['lost', 'bare', 'usual']);
});

test('a caller that leaves before the answer finds its entries in the ledger as not answered', async (t) => {
  const clock = manualClock();
  const { url, token, ledger, stats } = await startWith(t, { latencyMs: [1000, 1000] }, { clock });
  const socket = await callAndKeepSocket(url, await token());
  await eventually(async () => (await stats()).perSecond.length > 0, { withinMs: 5000, what: 'the call arrives' });
  socket.destroy();
  await once(socket, 'close');
  // What was sent after the close arrives after it.
  await stats();
  await clock.advance(1000);
  await eventually(async () => (await ledger()).length > 0, { withinMs: 5000, what: 'the call is applied' });
  assert.deepEqual(
    (await ledger()).map(({ answered }) => answered),
    [false, false],
  );
});

test('an answer that is delayed after appending is corrected when the caller leaves', async (t) => {
  const clock = manualClock();
  const script = [{ status: 200, delayMs: 60_000 }];
  const { url, token, ledger } = await startWith(t, { script }, { clock });
  const socket = await callAndKeepSocket(url, await token());
  await eventually(async () => (await ledger()).length === 2, { withinMs: 5000, what: 'the call is applied' });
  assert.ok((await ledger()).every(({ answered }) => answered));
  socket.destroy();
  await eventually(async () => (await ledger()).every(({ answered }) => !answered), {
    withinMs: 5000,
    what: 'the ledger is corrected',
  });
});

async function callAndKeepSocket(url: string, token: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const body = JSON.stringify({ activities: activities(2) });
  socket.write(
    `POST /v1.0/external/connections/tickets/items/a1/addActivities HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}
