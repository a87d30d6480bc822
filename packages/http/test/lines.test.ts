/* Bodies of lines: read while they arrive, as long as they move. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildServer, LineBody, listen, type ServerLimits, stopServer } from '../src/index.ts';
import { exchange, post } from './raw-client.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };

/** `POST /lines` answers what it read; with `stopAt` it stops reading after so many lines. */
async function startLines(t: TestContext, limits: Partial<ServerLimits> = {}, stopAt = Number.POSITIVE_INFINITY) {
  const server = buildServer({
    logger: { error: () => {}, debug: () => {} },
    requestId: () => 'made-by-us',
    hostsAllowed: 'local',
    bodyBytesMax: 1000,
    health: { ready: () => ({ ready: true }) },
    limits,
  });
  void server.app.register(async (scope) => {
    server.lineBodies.accept(scope);
    scope.post('/lines', async (request) => {
      if (!(request.body instanceof LineBody)) return { json: request.body };
      const seen: unknown[] = [];
      for await (const lines of request.body.read()) {
        for (const line of lines) {
          if ('value' in line) seen.push(line.value);
          else if ('problem' in line) seen.push(`${line.number} ${line.problem.code}`);
        }
        if (seen.length >= stopAt) break;
      }
      return { count: seen.length, seen: seen.slice(0, 10) };
    });
  });
  server.app.post('/json', async (request) => ({ json: request.body }));
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  t.after(() => stopServer(server, 1000));
  return Number(new URL(url).port);
}

const bodyOf = (answer: { body: string }) => JSON.parse(answer.body);

test('each line is a value, a bad one has its number and code, empty ones only count', async (t) => {
  const port = await startLines(t, { lineBytesMax: 35 });
  const text = `\ufeff{"a":1}\r\n\r\n  \n{\n${'"x"'.padEnd(40)}\n[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]\n{"__proto__":1}\n5`;
  const answer = await exchange(port, post('/lines', NDJSON, text));
  assert.deepEqual(bodyOf(answer).seen, [
    { a: 1 },
    '4 line_not_json',
    '5 line_too_long',
    '6 line_too_deep',
    '7 line_member_forbidden',
    5,
  ]);
  const latin1 = await exchange(port, post('/lines', NDJSON, Buffer.from([0x22, 0xe9, 0x22])));
  assert.deepEqual(bodyOf(latin1).seen, ['1 line_not_utf8']);
});

test('lines may be gzip; broken gzip is 400; other encodings, charsets and other routes are 415', async (t) => {
  const port = await startLines(t);
  const gzip = { ...NDJSON, 'content-encoding': 'gzip' };
  assert.deepEqual(bodyOf(await exchange(port, post('/lines', gzip, gzipSync('1\n2\n3')))).seen, [1, 2, 3]);
  const broken = await exchange(port, post('/lines', gzip, '1\n2\n3'));
  assert.deepEqual([broken.status, bodyOf(broken).code], [400, 'body_not_gzip']);
  const cut = await exchange(port, post('/lines', gzip, gzipSync('1\n2\n3').subarray(0, 15)));
  assert.deepEqual([cut.status, bodyOf(cut).code], [400, 'body_not_gzip']);
  for (const headers of [
    { ...NDJSON, 'content-encoding': 'br' },
    { 'content-type': 'application/x-ndjson; charset=utf-16' },
    { 'content-type': 'text/plain' },
  ]) {
    assert.equal((await exchange(port, post('/lines', headers, '1'))).status, 415);
  }
  assert.equal((await exchange(port, post('/json', NDJSON, '1'))).status, 415);
  for (const type of ['application/ndjson', 'application/jsonl', 'application/x-ndjson; charset=UTF-8']) {
    assert.deepEqual(bodyOf(await exchange(port, post('/lines', { 'content-type': type }, '1'))).seen, [1]);
  }
  assert.deepEqual(bodyOf(await exchange(port, post('/lines', {}, '{"a":1}'))), { json: { a: 1 } });
});

test('a stream that keeps moving outlives the time for a whole request; one that stands still is 408', async (t) => {
  const times = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutsCheckedEveryMs: 20, lineIdleMs: 400 };
  const port = await startLines(t, times);
  const begin = (socket: Socket) =>
    socket.write(
      'POST /lines HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jsonl\r\ntransfer-encoding: chunked\r\n\r\n',
    );
  const moving = await exchange(port, (socket) => {
    begin(socket);
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      socket.write(sent <= 12 ? '2\r\n1\n\r\n' : '0\r\n\r\n');
      if (sent > 12) clearInterval(timer);
    }, 60);
  });
  assert.deepEqual([moving.status, bodyOf(moving).count], [200, 12]);
  assert.ok(moving.ms > 400, `${moving.ms} ms`);
  const still = await exchange(port, (socket) => {
    begin(socket);
    socket.write('2\r\n1\n\r\n');
  });
  assert.deepEqual([still.status, bodyOf(still).code], [408, 'request_timeout']);
});

test('a reader that stops early is answered though the caller goes on sending', async (t) => {
  const port = await startLines(t, {}, 5);
  const answer = await exchange(port, post('/lines', NDJSON, '1\n'.repeat(1_000_000)));
  assert.equal(answer.status, 200);
});

test('who goes on sending after an early answer is cut off', async (t) => {
  const port = await startLines(t, { requestTimeoutMs: 60_000 }, 5);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    'POST /lines HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jsonl\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const drip = setInterval(() => socket.writable && socket.write('2\r\n1\n\r\n'), 30);
  t.after(() => clearInterval(drip));
  socket.resume();
  const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'still open').unref());
  assert.notEqual(await Promise.race([closed, late]), 'still open');
});

test('so many bodies of lines at once; one more is 503, and there is room again when one has ended', async (t) => {
  const port = await startLines(t, { lineBodiesMax: 1, lineIdleMs: 300 });
  const head =
    'POST /lines HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jsonl\r\ncontent-length: 9\r\n\r\n1\n';
  const first = exchange(port, (socket) => socket.write(head));
  const second = await exchange(port, (socket) => socket.write(head));
  const firstAnswer = await first;
  const statuses = [firstAnswer.status, second.status].sort();
  assert.deepEqual(statuses, [408, 503]);
  assert.equal((await exchange(port, post('/lines', NDJSON, '1'))).status, 200);
});
