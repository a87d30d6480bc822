/* What may go wrong on the wire, each against a server of bytes, and what the reply says of it: sent, not sent, or in doubt. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Reply } from '@sluice/core';
import { makeEntries, PERFORMER_ID } from '@sluice/testing';
import { createGraphSender, type GraphCall, type GraphSender, type GraphSenderOptions } from '../src/index.ts';
import { graphOfAnApp } from './graph-of-an-app.ts';
import { httpAnswer, type RawRequest, startRawServer } from './raw-server.ts';
import { startTokenServer } from './token-server.ts';

const CALL: GraphCall = {
  connectionId: 'hr1',
  itemId: 'a-1',
  entries: makeEntries(2),
  clientRequestId: '0c8ab9d2-5b63-4a8e-8a52-7f9f0f6f0b11',
};

async function open(t: TestContext, baseUrl: string, parts: Partial<GraphSenderOptions> = {}): Promise<GraphSender> {
  const tokens = await startTokenServer(t);
  const sender = createGraphSender({
    graph: graphOfAnApp({
      baseUrl,
      tokenUrl: tokens.url,
    }),
    callTimeoutMs: 5000,
    ...parts,
  });
  t.after(() => sender.close());
  return sender;
}

/** Sends one call to a server that answers with these bytes, and perhaps more. */
async function answeredBy(
  t: TestContext,
  answer: Parameters<typeof startRawServer>[1],
  parts: Partial<GraphSenderOptions> = {},
): Promise<{ readonly reply: Reply; readonly requests: readonly RawRequest[] }> {
  const server = await startRawServer(t, answer);
  const reply = await (await open(t, server.url, parts)).send(CALL);
  assert.ok(!/token-\d|canary/.test(JSON.stringify(reply)), 'nothing secret is told');
  return { reply, requests: server.requests };
}

/** A socket is free again one turn after the answer that came over it. */
function idleSocket(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function summary(reply: Reply): readonly unknown[] {
  return reply.kind === 'failed' ? [reply.certainty, reply.code] : [reply.status, reply.bodyProblem];
}

test('a call has the documented path, headers and body', async (t) => {
  const server = await startRawServer(t, (socket) =>
    socket.write(httpAnswer(200, { value: [] }, { 'request-id': 'r1', date: 'd' })),
  );
  const sender = await open(t, `${server.url}/root/`);
  const reply = await sender.send(CALL);
  const { path, headers, body } = server.requests[0]!;
  assert.equal(path, '/root/v1.0/external/connections/hr1/items/a-1/addActivities');
  assert.deepEqual(
    ['authorization', 'content-type', 'client-request-id'].map((name) => headers.get(name)),
    ['Bearer token-1', 'application/json', CALL.clientRequestId],
  );
  assert.match(headers.get('user-agent') ?? '', /^sluice\/\d+\.\d+\.\d+$/);
  assert.deepEqual(
    JSON.parse(body).activities.map((one: Record<string, unknown>) => one['@odata.type']),
    ['#microsoft.graph.externalConnectors.externalActivity', '#microsoft.graph.externalConnectors.externalActivity'],
  );
  assert.deepEqual(reply, {
    kind: 'answered',
    status: 200,
    headers: { retryAfter: null, date: 'd', requestId: 'r1', wwwAuthenticate: null },
    body: { value: [] },
    bodyProblem: null,
    bodyExcerpt: '',
    durationMs: reply.durationMs,
  });
});

test('nobody listens: refused, not sent', async (t) => {
  const sender = await open(t, 'http://127.0.0.1:1');
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'refused']);
});

test('the host has no address: dns, not sent', async (t) => {
  const sender = await open(t, 'https://graph.sluice.invalid');
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'dns']);
});

test('TLS cannot be agreed: tls, not sent', async (t) => {
  const plain = await startTokenServer(t);
  const sender = await open(t, new URL(plain.url).origin.replace('http:', 'https:'));
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'tls']);
});

test('a reset before the headers: maybe sent', async (t) => {
  const { reply, requests } = await answeredBy(t, (socket) => socket.resetAndDestroy());
  assert.deepEqual(summary(reply), ['maybe-sent', 'reset']);
  assert.equal(requests.length, 1, 'a POST is not sent again');
});

test('the other side hangs up before the headers: maybe sent', async (t) => {
  const { reply } = await answeredBy(t, (socket) => socket.end());
  assert.deepEqual(summary(reply), ['maybe-sent', 'reset']);
});

test('a reset on a socket that was used before: maybe sent, and not sent again by itself', async (t) => {
  const server = await startRawServer(t, (socket, { nth }) =>
    nth === 1 ? socket.write(httpAnswer(200, { value: [] })) : socket.resetAndDestroy(),
  );
  const sender = await open(t, server.url);
  assert.deepEqual(summary(await sender.send(CALL)), [200, null]);
  await idleSocket();
  assert.deepEqual(summary(await sender.send(CALL)), ['maybe-sent', 'reset']);
  assert.deepEqual(
    server.requests.map(({ connection }) => connection),
    [1, 1],
  );
});

test('a body that is cut short: the status is known, the body is cut off', async (t) => {
  const whole = httpAnswer(200, { value: [{ type: 'viewed' }] });
  const { reply } = await answeredBy(t, (socket) => socket.end(whole.slice(0, -5)));
  assert.deepEqual(summary(reply), [200, 'cut-off']);
});

test('a chunk that never comes, on a reset: the status is known, the body is cut off', async (t) => {
  const { reply } = await answeredBy(t, (socket) => {
    socket.write('HTTP/1.1 207 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"val', () => socket.resetAndDestroy());
  });
  assert.deepEqual(summary(reply), [207, 'cut-off']);
});

test('silence ends with the deadline: timeout, maybe sent, and the socket is closed', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { reply } = await answeredBy(t, (socket) => socket.on('close', () => resolve()), { callTimeoutMs: 150 });
  assert.deepEqual(summary(reply), ['maybe-sent', 'timeout']);
  assert.ok(reply.durationMs >= 100 && reply.durationMs < 1150, String(reply.durationMs));
  // A late answer on it would be taken for the next call's.
  await closed;
});

test('a body that drips does not outlive the deadline', async (t) => {
  const { reply } = await answeredBy(
    t,
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{');
      const drip = setInterval(() => socket.write(' '), 10);
      socket.on('close', () => clearInterval(drip));
    },
    { callTimeoutMs: 150 },
  );
  assert.deepEqual(summary(reply), [200, 'cut-off']);
  assert.ok(reply.durationMs >= 100 && reply.durationMs < 1150, String(reply.durationMs));
});

test('50 MB are not read: too large, and hardly more than a MiB was taken', async (t) => {
  let written = 0;
  const { reply } = await answeredBy(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n');
    const block = Buffer.alloc(65_536, 'a');
    const flood = () => {
      while (!socket.destroyed && written < 52_428_800) {
        written += block.length;
        if (!socket.write(block)) return;
      }
    };
    socket.on('drain', flood);
    flood();
  });
  assert.deepEqual(summary(reply), [200, 'too-large']);
  assert.ok(written < 16 * 1024 * 1024, `${written} bytes were written`);
});

test('what is not HTTP, or has headers without end, is protocol: maybe sent', async (t) => {
  for (const answer of [
    'GARBAGE\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${'x: a\r\n'.repeat(10_000)}\r\n`,
  ]) {
    const { reply } = await answeredBy(t, (socket) => socket.write(answer));
    assert.deepEqual(summary(reply), ['maybe-sent', 'protocol'], answer.slice(0, 20));
  }
});

test('an answer that is no JSON is kept as an excerpt, for people', async (t) => {
  for (const status of [200, 502]) {
    const { reply } = await answeredBy(t, (socket) => socket.write(httpAnswer(status, `<html>${'x'.repeat(900)}`)));
    assert.deepEqual(summary(reply), [status, 'not-json']);
    assert.ok(reply.kind === 'answered' && reply.bodyExcerpt.startsWith('<html>') && reply.bodyExcerpt.length === 512);
  }
});

test('an answer that shows the token, or whose results name performers, is not shown', async (t) => {
  const { reply: echo } = await answeredBy(t, (socket, { headers }) =>
    socket.write(httpAnswer(400, `<pre>${headers.get('authorization')}</pre>`)),
  );
  assert.ok(echo.kind === 'answered' && echo.bodyExcerpt === '<pre>Bearer [token]</pre>');
  const { reply: torn } = await answeredBy(t, (socket) =>
    socket.write(httpAnswer(207, `{"value":[{"id":"${PERFORMER_ID}"`)),
  );
  assert.ok(torn.kind === 'answered' && torn.bodyProblem === 'not-json' && torn.bodyExcerpt === '');
});

test('an empty 200 and a 204 are told as empty', async (t) => {
  assert.deepEqual(summary((await answeredBy(t, (socket) => socket.write(httpAnswer(200, '')))).reply), [200, 'empty']);
  const { reply } = await answeredBy(t, (socket) => socket.write('HTTP/1.1 204 X\r\n\r\n'));
  assert.deepEqual(summary(reply), [204, 'empty']);
});

test('a redirect is not followed, and the token goes nowhere else', async (t) => {
  const elsewhere = await startRawServer(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
  for (const status of [301, 302, 307, 308]) {
    const { reply } = await answeredBy(t, (socket) =>
      socket.write(httpAnswer(status, '', { location: `${elsewhere.url}/steal` })),
    );
    assert.deepEqual(summary(reply), [status, 'empty']);
  }
  assert.equal(elsewhere.requests.length, 0);
});

test('after a 503 the next call takes a new socket, after other answers the old one', async (t) => {
  const statuses = [200, 429, 503, 200, 200];
  const server = await startRawServer(t, (socket, { nth }) =>
    socket.write(httpAnswer(statuses[nth - 1] ?? 200, {}, { 'retry-after': '1' })),
  );
  const sender = await open(t, server.url);
  for (const status of statuses) {
    const reply = await sender.send(CALL);
    assert.deepEqual(summary(reply), [status, null]);
    await idleSocket();
  }
  assert.deepEqual(
    server.requests.map(({ connection }) => connection),
    [1, 1, 1, 2, 2],
  );
});

test('an interim answer is not the answer', async (t) => {
  const { reply } = await answeredBy(t, (socket) =>
    socket.write(`HTTP/1.1 103 Early\r\n\r\n${httpAnswer(200, { value: [] })}`),
  );
  assert.deepEqual(summary(reply), [200, null]);
  const { reply: lost } = await answeredBy(t, (socket) =>
    socket.write('HTTP/1.1 103 Early\r\n\r\n', () => socket.resetAndDestroy()),
  );
  assert.deepEqual(summary(lost), ['maybe-sent', 'reset']);
});

test('a call whose time has run out before it could be written is not written', async (t) => {
  const server = await startRawServer(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
  let nowMs = 0;
  const sender = await open(t, server.url, { clock: () => nowMs });
  assert.deepEqual(summary(await sender.send({ ...CALL, deadlineMs: 2_499 })), ['not-sent', 'lease']);
  assert.equal(server.requests.length, 0);
  assert.deepEqual(summary(await sender.send({ ...CALL, deadlineMs: 2_500 })), [200, null]);
  // As if the process had been stopped between the grant and the socket.
  const reply = sender.send({ ...CALL, deadlineMs: 30_000 });
  nowMs = 27_501;
  assert.deepEqual(summary(await reply), ['not-sent', 'lease']);
  assert.equal(server.requests.length, 1);
});

test('the caller can stop a call: what was written is in doubt, what was not is not', async (t) => {
  const stop = new AbortController();
  const server = await startRawServer(t, () => stop.abort());
  const sender = await open(t, server.url);
  assert.deepEqual(summary(await sender.send({ ...CALL, signal: stop.signal })), ['maybe-sent', 'timeout']);
  assert.deepEqual(summary(await sender.send({ ...CALL, signal: stop.signal })), ['not-sent', 'lease']);
  assert.equal(server.requests.length, 1);
});

test('an id outside its allow-list makes no call, and says so for good', async (t) => {
  const server = await startRawServer(t, () => undefined);
  const sender = await open(t, server.url);
  for (const ids of [{ itemId: '..' }, { itemId: 'a/b' }, { connectionId: '..' }, { itemId: '\ud800' }]) {
    assert.deepEqual(summary(await sender.send({ ...CALL, ...ids })), ['not-sent', 'unsendable']);
  }
  assert.equal(server.requests.length, 0);
});

test('a closed sender ends its calls in flight and sends no more', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<() => void>();
  const server = await startRawServer(t, (socket) => resolve(() => socket.write(httpAnswer(200, { value: [] }))));
  const sender = await open(t, server.url);
  const inFlight = sender.send(CALL);
  const answer = await asked;
  const closed = sender.close();
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'lease']);
  answer();
  assert.deepEqual(summary(await inFlight), [200, null]);
  await closed;
});
