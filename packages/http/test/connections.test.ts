import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { buildServer, ListenError, listen, type ServerLimits, stopServer } from '../src/index.ts';
import { exchange, post } from './raw-client.ts';
import { startServer } from './start-server.ts';

const QUICK = { headersTimeoutMs: 300, requestTimeoutMs: 400, timeoutsCheckedEveryMs: 50 };

test('slow headers and slow bodies are closed with 408, however they drip', async (t) => {
  const { port } = await startServer(t, QUICK);
  const drips = [
    'GET / HTTP/1.1\r\nhost: localhost\r\nx-a: ',
    'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"',
    '',
  ];
  const answers = await Promise.all(
    drips.map((head) =>
      exchange(port, (socket) => {
        if (head !== '') socket.write(head);
        const drip = setInterval(() => socket.writable && head !== '' && socket.write('a'), 30);
        socket.on('close', () => clearInterval(drip));
      }),
    ),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 408);
    assert.equal(JSON.parse(answer.body).code, 'request_timeout');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.ok(answer.closedByServer);
    assert.ok(answer.ms < 3000, `${answer.ms} ms`);
  }
});

test('the timeouts that a service gets by default end a slow request within ten seconds', async (t) => {
  const { server } = await startServer(t);
  const { requestTimeout, headersTimeout, keepAliveTimeout, maxConnections } = server.app.server;
  assert.ok(headersTimeout < requestTimeout, 'Node would swap them');
  assert.ok(requestTimeout + 1000 <= 10_000);
  assert.ok(headersTimeout > 0 && keepAliveTimeout > 0 && keepAliveTimeout <= 10_000);
  assert.equal(maxConnections, 10_000);
});

test('two hosts, absolute targets and broken HTTP are 400', async (t) => {
  const { port } = await startServer(t);
  for (const [request, code] of [
    ['GET /health/live HTTP/1.1\r\nhost: localhost\r\nHOST: evil.example\r\n\r\n', 'host_ambiguous'],
    ['GET http://evil.example/health/live HTTP/1.1\r\nhost: localhost\r\n\r\n', 'target_not_path'],
    ['GET  HTTP/1.1\r\n\r\n', 'request_malformed'],
    ['nonsense\r\n\r\n', 'request_malformed'],
    ['POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}', 'request_malformed'],
    [
      'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
      'request_malformed',
    ],
    ['GET /%zz HTTP/1.1\r\nhost: localhost\r\n\r\n', 'request_malformed'],
  ] as const) {
    const answer = await exchange(port, (socket) => socket.write(request));
    assert.equal(answer.status, 400, request);
    assert.equal(JSON.parse(answer.body).code, code, request);
  }
  const long = await exchange(port, (socket) =>
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`),
  );
  assert.equal(long.status, 431);
  assert.equal(JSON.parse(long.body).code, 'headers_too_large');
});

test('without keys only local hosts are served', async (t) => {
  const { port } = await startServer(t);
  const ask = (target: number, host: string) =>
    exchange(target, (socket) => socket.write(`GET /health/live HTTP/1.1\r\nhost: ${host}\r\n\r\n`));
  for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8080']) {
    assert.equal((await ask(port, host)).status, 200, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:8080',
    'localhost:8080@evil',
    '::1',
    '',
  ]) {
    const answer = await ask(port, host);
    assert.equal(answer.status, 421, host);
    assert.equal(JSON.parse(answer.body).code, 'host_not_allowed');
  }
  const open = await startServer(t, {}, { hostsAllowed: 'any' });
  assert.equal((await ask(open.port, 'intake')).status, 200);
});

test('a request id is echoed when it is harmless, and made otherwise', async (t) => {
  const { port } = await startServer(t);
  const ask = async (id: string) =>
    (await exchange(port, post('/nowhere', { 'x-request-id': id }, '{}'))).headers['x-request-id'];
  for (const id of ['a', 'A-z_0.9', 'x'.repeat(128)]) assert.equal(await ask(id), id);
  for (const id of ['', 'x'.repeat(129), 'a b', 'a"b', 'a\u00e9', 'a/b']) assert.equal(await ask(id), 'made-by-us');
});

test('what fails inside says nothing of the inside, and is logged', async (t) => {
  const { port, logged, answered } = await startServer(t);
  const answer = await exchange(port, post('/fail', { 'x-request-id': 'r1' }, '{}'));
  assert.equal(answer.status, 500);
  assert.deepEqual(JSON.parse(answer.body), {
    title: 'Internal Server Error',
    status: 500,
    code: 'internal_error',
    detail: 'Something failed on our side. The log has the cause under this request id.',
  });
  assert.equal(logged.length, 1);
  assert.match(JSON.stringify(logged), /"requestId":"r1"/);
  assert.equal((await exchange(port, post('/nowhere', {}, '{}'))).status, 404);
  assert.deepEqual(
    answered.map((one) => JSON.stringify(one).replace(/"seconds":[\d.e-]+/, '"seconds":0')),
    ['{"route":"/fail","status":500,"seconds":0}', '{"route":"unmatched","status":404,"seconds":0}'],
  );
});

test('a parameter may be long, but not endless', async (t) => {
  const { port } = await startServer(t);
  const ask = (id: string) =>
    exchange(port, (socket) => socket.write(`GET /param/${id} HTTP/1.1\r\nhost: localhost\r\n\r\n`));
  assert.equal((await ask('a'.repeat(256))).status, 200);
  const long = await ask('a'.repeat(257));
  assert.deepEqual([long.status, JSON.parse(long.body).code], [414, 'url_too_long']);
});

test('a taken port is named with what to do', async (t) => {
  const { port } = await startServer(t);
  const other = buildServer({
    logger: { error: () => {}, debug: () => {} },
    requestId: () => 'x',
    hostsAllowed: 'local',
    bodyBytesMax: 1000,
    health: { ready: () => ({ ready: true }) },
  });
  t.after(() => other.app.close());
  await assert.rejects(listen(other, { host: '127.0.0.1', port }), (error) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.exitCode, 1);
    assert.equal(
      error.message,
      `port ${port} of 127.0.0.1 is taken: stop what listens there, or set PORT (0 takes a free one)`,
    );
    return true;
  });
});

test('stopping: not ready at once, what runs is finished, then nothing listens', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { server, port } = await startServerWithGate(t, gate.promise);
  const unused = connect(port, '127.0.0.1');
  await new Promise((resolve) => unused.once('connect', resolve));
  const running = exchange(port, (socket) => socket.write('GET /gate HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  await reached(() => server.gateEntered());
  const stopped = stopServer(server, 5000);
  const ready = await exchange(port, (socket) => socket.write('GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  assert.equal(ready.status, 503);
  assert.equal(JSON.parse(ready.body).code, 'not_ready');
  assert.equal(ready.headers['connection'], 'close');
  assert.equal(
    (await exchange(port, (socket) => socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'))).status,
    200,
  );
  gate.resolve();
  const answer = await running;
  assert.equal(answer.status, 200);
  assert.ok(answer.closedByServer);
  const began = performance.now();
  await stopped;
  assert.ok(performance.now() - began < 2000, 'a connection that was never used must not delay the stop');
  assert.equal((await exchange(port, () => {})).status, 0);
});

test('a request that was on its way when the stop began is answered', async (t) => {
  const { server, port } = await startServerWithGate(t, Promise.resolve());
  // Kept alive, and idle when the stop begins.
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const stopped = stopServer(server, 5000);
  await new Promise((resolve) => setImmediate(resolve));
  socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await Promise.all([stopped, closed]);
  assert.match(text, /^HTTP\/1\.1 200 /);
});

test('a request that never ends is cut at the end of the grace', async (t) => {
  const { server, port } = await startServerWithGate(t, new Promise(() => {}));
  const running = exchange(port, (socket) => socket.write('GET /gate HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  await reached(() => server.gateEntered());
  const began = performance.now();
  await stopServer(server, 200);
  assert.ok(performance.now() - began < 2000);
  assert.equal((await running).status, 0);
});

async function startServerWithGate(
  t: import('node:test').TestContext,
  gate: Promise<void>,
  limits: Partial<ServerLimits> = {},
) {
  let entered = false;
  const server = buildServer({
    logger: { error: () => {}, debug: () => {} },
    requestId: () => 'x',
    hostsAllowed: 'local',
    bodyBytesMax: 1000,
    limits,
    health: { ready: () => ({ ready: true }) },
  });
  server.app.get('/gate', async () => {
    entered = true;
    await gate;
    return {};
  });
  const url = await listen(server, { host: 'localhost', port: 0 });
  t.after(() => stopServer(server, 100));
  return { server: { ...server, gateEntered: () => entered }, port: Number(new URL(url).port) };
}

async function reached(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('not reached within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('more requests than are answered at once: 503 at once for the next, health excepted, and room again after an answer', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { server, port } = await startServerWithGate(t, gate.promise, { answeringMax: 1 });
  const running = exchange(port, (socket) => socket.write('GET /gate HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  await reached(() => server.gateEntered());
  const refused = await exchange(port, post('/gate', {}, '{}'));
  assert.deepEqual([refused.status, JSON.parse(refused.body).code], [503, 'overloaded']);
  assert.equal(refused.headers['retry-after'], '1');
  const live = await exchange(port, (socket) => socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  assert.equal(live.status, 200);
  gate.resolve();
  assert.equal((await running).status, 200);
  const next = await exchange(port, (socket) => socket.write('GET /gate HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  assert.equal(next.status, 200);
});
