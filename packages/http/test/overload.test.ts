import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { exchange, post, type RawAnswer } from './raw-client.ts';
import { startServer } from './start-server.ts';

const WITHIN_MS = 10_000;

/** One body in work at a time, and a route that answers when it is told to. */
async function startBusy(t: TestContext, turnWaitMsMax: number) {
  const waiting: (() => void)[] = [];
  const started = await startServer(t, { workBytesMin: 1, workBytesMax: 1, turnWaitMsMax }, {}, (app) => {
    app.post('/slow', async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { ok: true };
    });
  });
  const begun = (count: number) =>
    eventually(() => waiting.length === count, { withinMs: WITHIN_MS, what: `${count} are in work` });
  return { ...started, waiting, begun };
}

function assertOverloaded(answer: RawAnswer): void {
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(JSON.parse(answer.body).code, 'overloaded');
}

test('bodies wait for their turn; the next one begins when one is answered', async (t) => {
  const { port, waiting, begun } = await startBusy(t, WITHIN_MS);
  const answers = Array.from({ length: 3 }, () => exchange(port, post('/slow', {}, '{}')));
  for (let n = 1; n <= 3; n++) {
    await begun(n);
    waiting[n - 1]!();
  }
  for (const answer of answers) assert.equal((await answer).status, 200);
});

test('what waits too long for its turn is refused with Retry-After and never begun; what is in work is finished', async (t) => {
  const { port, waiting, begun } = await startBusy(t, 100);
  const first = exchange(port, post('/slow', {}, '{}'));
  await begun(1);
  assertOverloaded(await exchange(port, post('/slow', {}, '{}')));
  assert.equal(waiting.length, 1);
  waiting[0]!();
  assert.equal((await first).status, 200);
});

test('who has gone away before his turn came is not worked for', async (t) => {
  const { port, server, waiting, begun } = await startBusy(t, WITHIN_MS);
  const connections = () => new Promise<number>((resolve) => server.app.server.getConnections((_, n) => resolve(n)));
  const first = exchange(port, post('/slow', {}, '{}'));
  await begun(1);
  let leave = () => {};
  const second = exchange(port, (socket) => {
    post('/slow', {}, '{}')(socket);
    leave = () => void socket.destroy();
  });
  await eventually(async () => (await connections()) === 2, { withinMs: WITHIN_MS, what: 'the second has come' });
  const third = exchange(port, post('/slow', {}, '{}'));
  await eventually(async () => (await connections()) === 3, { withinMs: WITHIN_MS, what: 'the third has come' });
  leave();
  await second;
  await eventually(async () => (await connections()) === 2, { withinMs: WITHIN_MS, what: 'the second has gone' });
  waiting[0]!();
  assert.equal((await first).status, 200);
  await begun(2);
  waiting[1]!();
  assert.equal((await third).status, 200);
  assert.equal(waiting.length, 2);
});

test('whoever sends a body slowly keeps nobody from his turn', async (t) => {
  const { port } = await startBusy(t, WITHIN_MS);
  const slow = exchange(port, (socket) =>
    socket.write(
      'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ),
  );
  assert.equal((await exchange(port, post('/echo', {}, '{}'))).status, 200);
  assert.equal((await slow).status, 408);
});

test('what is too much is refused before anybody looks at it, on a connection that goes on; health is answered', async (t) => {
  const { port, answered } = await startServer(t, { answeringMax: 0 });
  const body = 'x'.repeat(200_000);
  const head = (id: string) =>
    `POST /echo HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\ncontent-length: ${body.length}\r\n\r\n`;
  const twice = await exchange(port, (socket) => {
    socket.write(
      head('one') +
        body +
        head('two') +
        body +
        'GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    );
  });
  assert.equal(twice.headers['x-request-id'], 'one');
  assert.deepEqual(twice.body.match(/HTTP\/1\.1 \d+|x-request-id: \w+/g), [
    'HTTP/1.1 503',
    'x-request-id: two',
    'HTTP/1.1 200',
    'x-request-id: made',
  ]);
  assertOverloaded(await exchange(port, post('/nowhere', {}, '{}')));
  await eventually(() => answered.length === 4, { withinMs: WITHIN_MS, what: 'all are counted' });
  assert.deepEqual(answered.map((one) => (one as { route: string }).route).sort(), [
    '/health/live',
    'refused',
    'refused',
    'refused',
  ]);
});
