/* A look at Graph: the token as a worker gets it, what it says of itself, and what Graph answers to it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openGraphCheckup } from '../src/index.ts';
import { giveToken, refuse, startTokenServer, type TokenAnswer } from './token-server.ts';

const TENANT = '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11';
const APP = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const NOW = Date.UTC(2026, 0, 1, 12);
const NOON = 'Thu, 01 Jan 2026 12:00:00 GMT';

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.signature`;
}

const TOKEN = jwt({
  aud: 'https://graph.microsoft.com',
  tid: TENANT,
  appid: APP,
  app_displayname: 'Crawler',
  oid: 'the-app-itself',
  roles: ['ExternalItem.ReadWrite.OwnedBy'],
  iat: NOW / 1000,
});

const dated =
  (answer: TokenAnswer): TokenAnswer =>
  (response, form, nth) => {
    response.setHeader('date', NOON);
    answer(response, form, nth);
  };

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
}

async function open(t: TestContext, tokens: TokenAnswer, graph: { status: number; body: string } | null) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    asked.push({ path: `${request.method} ${request.url}`, authorization: request.headers.authorization });
    response.writeHead(graph?.status ?? 500, { 'request-id': 'request-7', date: NOON }).end(graph?.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (graph === null) server.close();
  t.after(() => server.close());
  const { url } = await startTokenServer(t, tokens);
  const checkup = openGraphCheckup({
    graph: {
      credential: { kind: 'app', tenantId: TENANT, clientId: APP, proof: { kind: 'secret', secret: 'canary' } },
      cloud: 'global',
      version: 'v1.0',
      baseUrl: `http://127.0.0.1:${port}`,
      tokenUrl: url,
    },
    wallClock: () => NOW + 90_000,
  });
  t.after(() => checkup.close());
  return { checkup, asked };
}

test('a token says whose it is and what it may, and tells both clocks; Graph is asked with it, once for each look', async (t) => {
  const { checkup, asked } = await open(t, dated(giveToken({ access_token: TOKEN })), {
    status: 200,
    body: '{"value":[]}',
  });
  const none = await checkup.root();
  assert.deepEqual(none.kind === 'failed' && none.code, 'token', 'without a token nothing is asked');
  const token = await checkup.token();
  assert.ok(token.kind === 'token' && token.claims !== null);
  assert.deepEqual(
    [token.claims.tenantId, token.claims.appId, token.claims.appName, token.claims.objectId, token.claims.roles],
    [TENANT, APP, 'Crawler', 'the-app-itself', ['ExternalItem.ReadWrite.OwnedBy']],
  );
  assert.deepEqual(token.clock, { theirsMs: NOW, oursMs: NOW + 90_000 });
  assert.ok(!JSON.stringify(token).includes(TOKEN), 'the token itself is told to nobody');
  const root = await checkup.root();
  assert.ok(root.kind === 'answered');
  assert.deepEqual([root.status, root.requestId, root.clock?.theirsMs], [200, 'request-7', NOW]);
  await checkup.connection('hr1');
  assert.throws(() => checkup.connection('../x'), /connection id/);
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['GET /v1.0/', 'GET /v1.0/external/connections/hr1'],
  );
  assert.ok(asked.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
});

test('a refused credential is told with its words and no secret, and with the clock of who refused', async (t) => {
  const body = {
    error: 'invalid_client',
    error_description: 'AADSTS7000215: Invalid client secret: canary. Trace ID: 1',
  };
  const { checkup } = await open(t, dated(refuse(401, body)), null);
  const token = await checkup.token();
  assert.ok(token.kind === 'none');
  assert.deepEqual([token.code, token.clock?.theirsMs], ['credential', NOW]);
  assert.match(token.message, /401 invalid_client: AADSTS7000215: Invalid client secret: \[secret\]/);
});

test('a Graph that refuses or is not there is told as that; a token that is no JWT has no claims', async (t) => {
  const error = { error: { code: 'InvalidAuthenticationToken', message: `no: ${TOKEN}` } };
  const refusing = await open(t, giveToken({ access_token: TOKEN }), { status: 401, body: JSON.stringify(error) });
  await refusing.checkup.token();
  const refused = await refusing.checkup.root();
  assert.ok(refused.kind === 'answered');
  assert.deepEqual([refused.status, refused.code, refused.message], [401, 'InvalidAuthenticationToken', 'no: [token]']);
  const missing = await open(t, giveToken(), null);
  const token = await missing.checkup.token();
  assert.deepEqual(token.kind === 'token' && token.claims, null);
  const gone = await missing.checkup.root();
  assert.deepEqual(gone.kind === 'failed' && gone.code, 'refused');
});
