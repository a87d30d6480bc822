import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exchange, post, type RawAnswer } from './raw-client.ts';
import { startServer } from './start-server.ts';

function assertProblem(answer: RawAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  const problem = JSON.parse(answer.body);
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.equal(typeof problem.title, 'string');
  assert.ok(problem.detail.length > 10);
  assert.doesNotMatch(answer.body, /node:|\/work|\.ts| {4}at |FST_/);
}

async function sending(t: TestContext) {
  const { port } = await startServer(t);
  return (headers: Record<string, string>, body: string | Buffer) => exchange(port, post('/echo', headers, body));
}

test('a JSON body arrives as it was sent, plain or gzipped', async (t) => {
  const send = await sending(t);
  const body = JSON.stringify({ text: 'żółć 🦦', list: [1, null] });
  const zip = { 'content-encoding': 'gzip' };
  for (const answer of [
    await send({}, body),
    await send({ 'content-type': 'Application/JSON; charset="UTF-8"' }, body),
    await send({ 'content-encoding': 'identity' }, body),
    await send(zip, gzipSync(body)),
    await send({ 'content-encoding': 'GZIP' }, gzipSync(body)),
    await send({}, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)])),
  ]) {
    assert.equal(answer.status, 200, answer.body);
    assert.deepEqual(JSON.parse(Buffer.from(answer.body, 'latin1').toString()).body, JSON.parse(body));
  }
});

test('only JSON in UTF-8 is parsed; every other type is 415', async (t) => {
  const send = await sending(t);
  for (const type of [
    'text/plain',
    'text/plain; charset=utf-8',
    'text/json',
    'application/jsonx',
    'application/json5',
    'application/vnd.api+json',
    'application/problem+json',
    'application/x-ndjson',
    'application/ndjson',
    'application/jsonl',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application',
    'application/json/x',
    'application/json,text/plain',
    'application/ json',
    '*/*',
    '',
  ]) {
    assertProblem(await send({ 'content-type': type }, '{}'), 415, 'media_type_unsupported');
  }
  for (const charset of [
    'utf-16',
    'latin1',
    'iso-8859-1',
    'utf-7',
    '"utf-16"',
    'utf-8;charset=utf-16',
    'utf-8 ; CHARSET=latin1',
  ]) {
    assertProblem(
      await send({ 'content-type': `application/json; charset=${charset}` }, '{}'),
      415,
      'charset_unsupported',
    );
  }
  for (const encoding of ['br', 'deflate', 'zstd', 'gzip, gzip', 'x-gzip']) {
    const answer = await send({ 'content-encoding': encoding }, '{}');
    assertProblem(answer, 415, 'content_encoding_unsupported');
    assert.equal(answer.headers['accept-encoding'], 'gzip');
  }
});

test('no content type, no body: the route decides; no content type, some body: 415', async (t) => {
  const { port } = await startServer(t);
  const none = await exchange(port, (socket) =>
    socket.write('POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n'),
  );
  assert.equal(none.body, '{"body":null}');
  const some = await exchange(port, (socket) =>
    socket.write('POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}'),
  );
  assertProblem(some, 415, 'media_type_unsupported');
});

test('a body at the limit is taken, a byte more is 413, plain, chunked and gzipped', async (t) => {
  const { port } = await startServer(t, { receivingBytesMax: 100_000_000 });
  const bodyOf = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  const chunked = (bytes: number) => (socket: import('node:net').Socket) => {
    socket.write(
      'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const body = bodyOf(bytes);
    for (let at = 0; at < body.length; at += 3000) {
      const chunk = body.slice(at, at + 3000);
      socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    }
    socket.write('0\r\n\r\n');
  };
  const zip = { 'content-encoding': 'gzip' };
  assert.equal((await exchange(port, post('/echo', {}, bodyOf(10_000)))).status, 200);
  assert.equal((await exchange(port, chunked(10_000))).status, 200);
  assert.equal((await exchange(port, post('/echo', zip, gzipSync(bodyOf(10_000))))).status, 200);
  assertProblem(await exchange(port, post('/echo', {}, bodyOf(10_001))), 413, 'body_too_large');
  assertProblem(await exchange(port, chunked(10_001)), 413, 'body_too_large');
  assertProblem(await exchange(port, post('/echo', zip, gzipSync(bodyOf(10_001)))), 413, 'body_too_large');
  // Far more than fits in the buffers between us: the answer must still arrive, not a reset.
  assertProblem(await exchange(port, post('/echo', {}, bodyOf(12_000_000))), 413, 'body_too_large');
});

test('an endless body is cut off after a bounded number of bytes', async (t) => {
  const { port } = await startServer(t);
  let sent = 0;
  const answer = await exchange(port, (socket) => {
    socket.write(
      'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const chunk = Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`);
    const more = () => {
      while (socket.writable && sent < 500_000_000) {
        sent += 65_536;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('drain', more);
    more();
  });
  assert.ok(answer.closedByServer);
  assert.ok(sent < 60_000_000, `${sent} bytes were taken`);
});

test('a gzip bomb is refused without being inflated', async (t) => {
  const send = await sending(t);
  const bomb = gzipSync(Buffer.alloc(200_000_000));
  const before = process.memoryUsage().rss;
  const { port } = await startServer(t, {}, { bodyBytesMax: 4_194_304 });
  assertProblem(await exchange(port, post('/echo', { 'content-encoding': 'gzip' }, bomb)), 413, 'body_too_large');
  assert.ok(process.memoryUsage().rss - before < 50_000_000);
  const nested = gzipSync(gzipSync('{}'));
  assertProblem(await send({ 'content-encoding': 'gzip' }, nested), 400, 'body_not_utf8');
  for (const broken of [Buffer.from('{}'), gzipSync('{"a":"b"}').subarray(0, 15), Buffer.alloc(0)]) {
    assertProblem(await send({ 'content-encoding': 'gzip' }, broken), 400, 'body_not_gzip');
  }
});

test('what JSON.parse would change in silence or choke on is refused', async (t) => {
  const send = await sending(t);
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0xaf, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xff, 0xfe, 0x7b, 0x00],
  ]) {
    assertProblem(await send({}, Buffer.from(bytes)), 400, 'body_not_utf8');
  }
  for (const text of ['{', '{"a":1,}', 'NaN', "{'a':1}", '{"a":1}x', '[1', '"\u0001"', '/**/{}', ' ']) {
    assertProblem(await send({}, text), 400, 'body_not_json');
  }
  assert.match((await send({}, '{"a":1')).body, /at character 6/);
  assert.doesNotMatch((await send({}, '{"a":canary}')).body, /canary/);
  assertProblem(await send({}, ''), 400, 'body_empty');
});

test('no prototype gets in by any spelling', async (t) => {
  const send = await sending(t);
  for (const text of [
    '{"__proto__":{"polluted":1}}',
    '{"a":[{"\\u005f_proto__":{"polluted":1}}]}',
    '{"__proto__" : null}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"a":{"constructor":{"prototype":1}}}',
  ]) {
    assertProblem(await send({}, text), 400, 'body_member_forbidden');
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  assert.equal((await send({}, '{"a":"__proto__","constructor":1}')).status, 200);
});

test('nesting stops at 16', async (t) => {
  const send = await sending(t);
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal((await send({}, nested(16))).status, 200);
  assertProblem(await send({}, nested(17)), 400, 'body_too_deep');
  assertProblem(await send({}, nested(4999)), 400, 'body_too_deep');
  assertProblem(await send({}, '{"a":'.repeat(1500)), 400, 'body_too_deep');
});

test('a small body of very many small things is refused before it is built', async (t) => {
  const { port } = await startServer(t, {}, { bodyBytesMax: 4_194_304 });
  const send = (body: string) => exchange(port, post('/echo', {}, body));
  const many = `[${Array(1_000_000).fill('{}').join()}]`;
  assertProblem(await send(many), 400, 'body_too_complex');
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`k${n}`, 1])));
  assertProblem(await send(wide), 400, 'body_too_complex');
});

test('bodies being received at once are bounded together, and their room is given back', async (t) => {
  const { port } = await startServer(t, { receivingBytesMax: 12_000 }, { bodyBytesMax: 10_000 });
  const body = JSON.stringify('x'.repeat(7998));
  const head = `POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const { promise: halfSent, resolve: sentHalf } = Promise.withResolvers<import('node:net').Socket>();
  const slow = exchange(port, (socket) => {
    socket.write(head + body.slice(0, 7000), () => sentHalf(socket));
  });
  const socket = await halfSent;
  const deadline = performance.now() + 5000;
  let refused: RawAnswer;
  do refused = await exchange(port, post('/echo', {}, body));
  while (refused.status === 200 && performance.now() < deadline);
  assertProblem(refused, 503, 'overloaded');
  assert.equal(refused.headers['retry-after'], '1');
  socket.write(body.slice(7000));
  assert.equal((await slow).status, 200);
  assert.equal((await exchange(port, post('/echo', {}, body))).status, 200);
});
