/* Graph and the token endpoint behind a proxy: only it can resolve their names, and what it does to a call is told for what it is. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeEntries } from '@sluice/testing';
import { createGraphSender, type GraphCall, type GraphSender } from '../src/index.ts';
import { graphOfAnApp } from './graph-of-an-app.ts';
import { httpAnswer, type RawServer, startRawServer } from './raw-server.ts';
import { startTokenServer } from './token-server.ts';

const CALL: GraphCall = {
  connectionId: 'hr1',
  itemId: 'a-1',
  entries: makeEntries(2),
  clientRequestId: '0c8ab9d2-5b63-4a8e-8a52-7f9f0f6f0b11',
};
const GIVEN = { value: makeEntries(2).map(() => ({ error: null })) };
const GRAPH_NAME = 'graph.example';
const TOKEN_NAME = 'login.example';

interface TestProxy {
  readonly url: string;
  /** `host:port` of each CONNECT, with what it said of who asks. */
  readonly tunnels: { readonly to: string; readonly authorization: string | undefined }[];
  /** To a CONNECT to Graph, from the next on: null opens the tunnel, a text is the answer, 'silence' is none. */
  answer: string | null;
}

/** names: which port of this machine stands for a name. */
async function startProxy(t: TestContext, names: Readonly<Record<string, string>>): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const tunnels: TestProxy['tunnels'] = [];
  const server = createServer((_request, response) => void response.writeHead(400).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    tunnels.push({ to: url, authorization: headers['proxy-authorization'] });
    const answer = url.startsWith(GRAPH_NAME) ? proxy.answer : null;
    if (answer === 'silence') return;
    if (answer !== null) return void client.end(answer);
    const upstream = connect(Number(new URL(names[url.split(':')[0]!]!).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    for (const [one, other] of [
      [upstream, client],
      [client, upstream],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const proxy: TestProxy = { url: `http://ada:p%3Aw@127.0.0.1:${address.port}`, tunnels, answer: null };
  return proxy;
}

/** A socket is free again one turn after the answer that came over it. */
function idleSocket(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Scene {
  readonly proxy: TestProxy;
  readonly sender: GraphSender;
  readonly graph: RawServer;
}

async function open(
  t: TestContext,
  graph: Parameters<typeof startRawServer>[1] = (socket) => void socket.write(httpAnswer(200, GIVEN)),
  { bypass = '', direct = false, callTimeoutMs = 5000 } = {},
): Promise<Scene> {
  const tokens = await startTokenServer(t);
  const server = await startRawServer(t, graph);
  const proxy = await startProxy(t, { [GRAPH_NAME]: server.url, [TOKEN_NAME]: tokens.url });
  const sender = createGraphSender({
    graph: graphOfAnApp({
      baseUrl: direct ? server.url : `http://${GRAPH_NAME}`,
      tokenUrl: direct ? tokens.url : `http://${TOKEN_NAME}/contoso/oauth2/v2.0/token`,
      proxy: { url: proxy.url, bypass },
    }),
    allowInsecure: true,
    callTimeoutMs,
  });
  t.after(() => sender.close());
  return { proxy, sender, graph: server };
}

test('calls and token requests go through the proxy, which is told the name and the password', async (t) => {
  const { proxy, sender, graph } = await open(t);
  for (let n = 0; n < 3; n++) {
    const reply = await sender.send(CALL);
    assert.equal(reply.kind === 'answered' && reply.status, 200, JSON.stringify(reply));
    await idleSocket();
  }
  const authorization = `Basic ${Buffer.from('ada:p:w').toString('base64')}`;
  assert.deepEqual(proxy.tunnels, [
    { to: `${TOKEN_NAME}:80`, authorization },
    { to: `${GRAPH_NAME}:80`, authorization },
  ]);
  assert.deepEqual(
    graph.requests.map(({ connection, headers }) => [connection, headers.get('host')]),
    Array(3).fill([1, GRAPH_NAME]),
  );
});

test('this machine and what is listed are reached without it', async (t) => {
  const direct = await open(t, undefined, { direct: true });
  assert.equal((await direct.sender.send(CALL)).kind, 'answered');
  assert.deepEqual(direct.proxy.tunnels, []);
  const listed = await open(t, undefined, { bypass: `.corp, ${TOKEN_NAME}` });
  const reply = await listed.sender.send(CALL);
  assert.deepEqual(reply.kind === 'failed' && [reply.certainty, reply.code], ['not-sent', 'token']);
  assert.deepEqual(listed.proxy.tunnels, [], 'the token endpoint was looked for without the proxy');
});

test('what a proxy refuses or does not answer was never sent', async (t) => {
  for (const answer of [
    'HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n',
    '',
  ]) {
    const { proxy, sender } = await open(t, undefined, {});
    proxy.answer = answer;
    const reply = await sender.send(CALL);
    assert.deepEqual(reply.kind === 'failed' && reply.certainty, 'not-sent', `${answer}: ${JSON.stringify(reply)}`);
    assert.ok(!JSON.stringify(reply).includes('p%3Aw') && !JSON.stringify(reply).includes('p:w'));
  }
});

test('a tunnel that is cut when the call was written leaves it in doubt', async (t) => {
  const { sender } = await open(t, (socket) => void socket.destroy());
  const reply = await sender.send(CALL);
  assert.deepEqual(reply.kind === 'failed' && [reply.certainty, reply.code], ['maybe-sent', 'reset']);
});

test('a proxy that accepts and says nothing costs a call its time, and holds up no stop', {
  timeout: 60_000,
}, async (t) => {
  const { proxy, sender } = await open(t, undefined, { callTimeoutMs: 1000 });
  proxy.answer = 'silence';
  const reply = await sender.send(CALL);
  assert.deepEqual(reply.kind === 'failed' && reply.certainty, 'not-sent');
  await sender.close();
});
