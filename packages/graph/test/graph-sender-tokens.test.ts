/* Tokens and calls together: a 401 is mended once, whatever the number of calls, and a lost identity provider stops nobody early. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Reply } from '@sluice/core';
import { makeEntries } from '@sluice/testing';
import { createGraphSender, type GraphCall, type GraphSenderOptions } from '../src/index.ts';
import { graphOfAnApp } from './graph-of-an-app.ts';
import { httpAnswer, type RawRequest, startRawServer } from './raw-server.ts';
import { giveToken, refuse, startTokenServer, type TokenAnswer } from './token-server.ts';

const CALL: GraphCall = { connectionId: 'hr1', itemId: 'a1', entries: makeEntries(1), clientRequestId: 'lease-guid' };
const CHALLENGE = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from('{"access_token":{"nbf":{"value":"1"}}}').toString('base64')}"`;

/** Answers 401 to these tokens, 200 to others. */
function refuseTokens(refused: (token: string) => boolean, headers: Record<string, string> = {}, status = 401) {
  return (socket: { write(text: string): unknown }, { headers: sent }: RawRequest) =>
    socket.write(
      refused(sent.get('authorization') ?? '') ? httpAnswer(status, {}, headers) : httpAnswer(200, { value: [] }),
    );
}

async function setUp(
  t: TestContext,
  answer: Parameters<typeof startRawServer>[1],
  parts: Partial<GraphSenderOptions> = {},
) {
  const graph = await startRawServer(t, answer);
  const tokens = await startTokenServer(t);
  let ids = 0;
  let nowMs = 0;
  const sender = createGraphSender({
    graph: graphOfAnApp({
      version: 'beta',
      baseUrl: graph.url,
      tokenUrl: tokens.url,
    }),
    callTimeoutMs: 20_000,
    newId: () => `fresh-guid-${++ids}`,
    chance: () => 0,
    clock: () => nowMs,
    ...parts,
  });
  t.after(() => sender.close());
  return {
    graph,
    tokens,
    sender,
    at: (ms: number) => {
      nowMs = ms;
    },
  };
}

function summary(reply: Reply): readonly unknown[] {
  return reply.kind === 'failed' ? [reply.certainty, reply.code] : [reply.status];
}

test('calls that begin together ask for one token', async (t) => {
  const { sender, tokens } = await setUp(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
  const replies = await Promise.all(Array.from({ length: 30 }, () => sender.send(CALL)));
  assert.ok(replies.every((reply) => reply.kind === 'answered' && reply.status === 200));
  assert.equal(tokens.forms.length, 1);
});

test('a token that Graph refuses is replaced once for all calls in flight, and each is sent again once under a fresh id', async (t) => {
  const { sender, tokens, graph } = await setUp(
    t,
    refuseTokens((token) => token === 'Bearer token-1'),
  );
  const replies = await Promise.all(Array.from({ length: 20 }, () => sender.send(CALL)));
  assert.deepEqual(new Set(replies.map((reply) => summary(reply).join())), new Set(['200']));
  assert.equal(tokens.forms.length, 2);
  const ids = graph.requests.map(({ headers }) => headers.get('client-request-id'));
  assert.deepEqual([ids.length, new Set(ids).size], [40, 21]);
});

test('a token that is refused for ever ends as 401, without a loop', async (t) => {
  const { sender, tokens, graph, at } = await setUp(
    t,
    refuseTokens(() => true),
  );
  assert.deepEqual(summary(await sender.send(CALL)), [401]);
  assert.deepEqual([tokens.forms.length, graph.requests.length], [2, 2]);
  at(9_999);
  assert.deepEqual(summary(await sender.send(CALL)), [401]);
  assert.deepEqual([tokens.forms.length, graph.requests.length], [2, 3]);
  at(60_000);
  assert.deepEqual(summary(await sender.send(CALL)), [401]);
  assert.deepEqual([tokens.forms.length, graph.requests.length], [3, 5]);
});

test('a challenge is answered with its claims, as 401 and as 403', async (t) => {
  for (const status of [401, 403]) {
    const refused = refuseTokens((token) => token === 'Bearer token-1', { 'www-authenticate': CHALLENGE }, status);
    const { sender, tokens } = await setUp(t, refused);
    assert.deepEqual(summary(await sender.send(CALL)), [200]);
    assert.deepEqual(JSON.parse(tokens.forms[1]!.get('claims') ?? '').access_token, { nbf: { value: '1' } });
  }
});

test('a 403 without a challenge is an answer like any other', async (t) => {
  const { sender, tokens } = await setUp(
    t,
    refuseTokens(() => true, {}, 403),
  );
  assert.deepEqual(summary(await sender.send(CALL)), [403]);
  assert.equal(tokens.forms.length, 1);
});

for (const [provider, answer] of [
  ['is overloaded', refuse(503, '<html>')],
  ['throttles for an hour', refuse(429, { error: 'temporarily_unavailable' }, { 'retry-after': '3600' })],
  ['refuses the request', refuse(400, { error: 'invalid_request' })],
  ['refuses the credential', refuse(401, { error: 'invalid_client' })],
  ['breaks off', (response) => response.socket?.destroy()],
] as const satisfies readonly (readonly [string, TokenAnswer])[]) {
  test(`no call fails while the token is good and the identity provider ${provider}`, async (t) => {
    const { sender, tokens, at } = await setUp(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
    await sender.send(CALL);
    tokens.answerWith(answer);
    for (let ms = 2_700_000; ms < 3_530_000; ms += 60_000) {
      at(ms);
      assert.deepEqual(summary(await sender.send(CALL)), [200]);
    }
    at(3_600_000);
    assert.equal(summary(await sender.send(CALL))[0], 'not-sent');
  });
}

test('a refused credential is not a failure that passes, and its call was not sent', async (t) => {
  const { sender, tokens, graph } = await setUp(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
  tokens.answerWith(refuse(401, { error: 'invalid_client', error_description: 'AADSTS7000222: expired' }));
  const reply = await sender.send(CALL);
  assert.deepEqual(summary(reply), ['not-sent', 'credential']);
  assert.equal(graph.requests.length, 0);
  assert.ok(reply.kind === 'failed' && !reply.message.includes('canary'));
});

test('a 401 whose refresh fails was not applied: not sent, for the reason that there is no token', async (t) => {
  const { sender, tokens } = await setUp(
    t,
    refuseTokens(() => true),
  );
  tokens.answerWith((response, form, nth) => (nth === 1 ? giveToken() : refuse(503, ''))(response, form, nth));
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'token']);
});

test('an answer that is lost on the second try names the id it was sent under', async (t) => {
  const { sender } = await setUp(t, (socket, { nth }) =>
    nth === 1 ? socket.write(httpAnswer(401, {})) : socket.resetAndDestroy(),
  );
  const reply = await sender.send(CALL);
  assert.deepEqual(summary(reply), ['maybe-sent', 'reset']);
  assert.ok(reply.kind === 'failed' && reply.message.includes('fresh-guid-1'));
});

test('a call does not wait for a token longer than it has time', async (t) => {
  const { sender, tokens, graph } = await setUp(t, () => undefined, { callTimeoutMs: 100 });
  tokens.answerWith(() => undefined);
  assert.deepEqual(summary(await sender.send(CALL)), ['not-sent', 'token']);
  assert.equal(graph.requests.length, 0);
});

test('secrets appear in no reply', async (t) => {
  const echo = await setUp(t, (socket, { headers }) =>
    socket.write(httpAnswer(500, { error: { code: 'x', message: `you sent ${headers.get('authorization')}` } })),
  );
  echo.tokens.answerWith(giveToken({ access_token: 'canary.access.token' }));
  assert.ok(!JSON.stringify(await echo.sender.send(CALL)).includes('canary'));
});
