/*
  Each pitfall of MSAL that was met, against a token endpoint on this machine: no time limit, a throttle of its own after one
  503, an answer that is not JSON, a cache that withholds. That no two requests run at once is token-keeper.test.ts's.
*/
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AppTokenSourceOptions, openAppTokenSource } from '../src/tokens/app-token-source.ts';
import type { Proof } from '../src/tokens/credential.ts';
import { TokenError, type TokenSource } from '../src/tokens/token-source.ts';
import { startRawServer } from './raw-server.ts';
import { giveToken, refuse, startTokenServer } from './token-server.ts';

const SECRET = 'canary~Secret.0123/+=';

const credentialOf = (proof: Proof): AppTokenSourceOptions['credential'] => ({
  kind: 'app',
  tenantId: '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11',
  clientId: '1f0c997e-99f7-43f1-8cca-086f8d42be8d',
  proof,
});

function open(t: TestContext, tokenUrl: string, parts: Partial<AppTokenSourceOptions> = {}): TokenSource {
  const source = openAppTokenSource({
    credential: credentialOf({ kind: 'secret', secret: SECRET }),
    tokenUrl: new URL(tokenUrl),
    scope: 'https://graph.microsoft.com/.default',
    claimsChallenges: false,
    proxy: null,
    clock: () => performance.now(),
    wallClock: () => Date.parse('2026-11-24T12:00:00Z'),
    ...parts,
  });
  t.after(() => source.close());
  return source;
}

async function failureOf(source: TokenSource): Promise<TokenError> {
  try {
    await source.acquire({ claims: null });
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    return error;
  }
  throw new Error('a token was acquired');
}

/** MSAL adds optional claims of an id token, which client credentials never give. */
function accessTokenClaims(form: URLSearchParams | undefined): unknown {
  return JSON.parse(form?.get('claims') ?? '{}').access_token;
}

test('a token costs one request of the client credentials grant, and its times come from the answer', async (t) => {
  const server = await startTokenServer(t, giveToken({ expires_in: 120, refresh_in: 60 }));
  const token = await open(t, server.url).acquire({ claims: null });
  const { answeredAtMs, ...rest } = token;
  assert.deepEqual(rest, { value: 'token-1', lifetimeMs: 120_000, refreshInMs: 60_000 });
  assert.ok(Math.abs(answeredAtMs! - Date.now()) < 60_000, 'by the clock of the answer');
  assert.equal(server.forms.length, 1);
  const form = server.forms[0]!;
  assert.deepEqual(
    ['grant_type', 'scope', 'client_secret', 'claims'].map((name) => form.get(name)),
    ['client_credentials', 'https://graph.microsoft.com/.default', SECRET, null],
  );
});

test('every acquisition asks: nothing of MSAL’s cache stands in the way', async (t) => {
  const server = await startTokenServer(t);
  const source = open(t, server.url);
  const values = [];
  for (let n = 0; n < 3; n++) values.push((await source.acquire({ claims: null })).value);
  assert.deepEqual(values, ['token-1', 'token-2', 'token-3']);
});

test('the claims of a challenge are sent along, and CP1 only when it is declared', async (t) => {
  const server = await startTokenServer(t);
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"cp1"}}}';
  await open(t, server.url).acquire({ claims });
  assert.deepEqual(accessTokenClaims(server.forms[0]), JSON.parse(claims).access_token);
  await open(t, server.url, { claimsChallenges: true }).acquire({ claims });
  assert.deepEqual(accessTokenClaims(server.forms[1]), {
    acrs: { essential: true, value: 'cp1' },
    xms_cc: { values: ['CP1'] },
  });
});

test('neither a 5xx nor a throttle silences MSAL for a while: the next acquisition asks again', async (t) => {
  for (const [status, headers] of [
    [503, {}],
    [500, {}],
    [429, {}],
    [429, { 'retry-after': '3600' }],
    [400, { 'retry-after': '60' }],
  ] as const) {
    const server = await startTokenServer(t, refuse(status, { error: 'temporarily_unavailable' }, headers));
    const source = open(t, server.url);
    assert.equal((await failureOf(source)).code, 'token', String(status));
    server.answerWith(giveToken());
    assert.equal((await source.acquire({ claims: null })).value, 'token-2', `${status} ${JSON.stringify(headers)}`);
  }
});

test('a refused credential is told from a provider that is busy, by OAuth error and status', async (t) => {
  const server = await startTokenServer(t);
  const source = open(t, server.url);
  for (const [status, body, code] of [
    [401, { error: 'invalid_client', error_codes: [7000222] }, 'credential'],
    [400, { error: 'invalid_client' }, 'credential'],
    [400, { error: 'unauthorized_client' }, 'credential'],
    [400, { error: 'invalid_scope' }, 'credential'],
    [400, { error: 'invalid_grant' }, 'credential'],
    [400, { error: 'invalid_request' }, 'credential'],
    [400, { error: 'temporarily_unavailable' }, 'token'],
    [429, { error: 'invalid_client' }, 'token'],
    [500, { error: 'server_error' }, 'token'],
    [503, { error: 'invalid_client' }, 'token'],
    [503, '<html>Service Unavailable</html>', 'token'],
    [403, '<html>proxy</html>', 'token'],
    [404, '', 'token'],
    [302, '', 'token'],
    [500, { access_token: 'a', token_type: 'Bearer', expires_in: 3599 }, 'token'],
    [200, '', 'token'],
    [200, '<html>captive portal</html>', 'token'],
    [200, {}, 'token'],
    [200, { access_token: 'a', token_type: 'Bearer' }, 'token'],
    [200, { access_token: 'a b\r\nx: y', token_type: 'Bearer', expires_in: 3599 }, 'token'],
  ] as const) {
    server.answerWith(refuse(status, body));
    assert.equal((await failureOf(source)).code, code, `${status} ${JSON.stringify(body)}`);
  }
});

test('the Retry-After of a token endpoint is kept, measured against its own Date', async (t) => {
  const server = await startTokenServer(t, refuse(429, {}, { 'retry-after': '7' }));
  const source = open(t, server.url);
  assert.equal((await failureOf(source)).retryAfterMs, 7000);
  server.answerWith(
    refuse(503, '', { date: 'Tue, 24 Nov 2026 09:00:00 GMT', 'retry-after': 'Tue, 24 Nov 2026 09:00:30 GMT' }),
  );
  assert.equal((await failureOf(source)).retryAfterMs, 30_000);
});

test('the message is for people: the status, the OAuth error, the words before the trace ids, never the secret', async (t) => {
  const server = await startTokenServer(
    t,
    refuse(401, {
      error: 'invalid_client',
      error_description: `AADSTS7000222: The provided client secret keys are expired (${SECRET}, ${encodeURIComponent(SECRET)}). Trace ID: 1 Correlation ID: 2`,
    }),
  );
  const { message } = await failureOf(open(t, server.url));
  assert.equal(
    message,
    'token endpoint answered 401 invalid_client: AADSTS7000222: The provided client secret keys are expired ([secret], [secret]).',
  );
});

test('an endpoint that hangs is given up after ten seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = await startRawServer(t, () => resolve());
  const failing = failureOf(open(t, `${server.url}/token`));
  await asked;
  t.mock.timers.tick(10_000);
  const { code, message } = await failing;
  assert.deepEqual([code, message], ['token', 'token endpoint: timeout: no answer within 10000 ms']);
});

test('an endpoint that answers without end is cut off', async (t) => {
  const server = await startRawServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 52428800\r\n\r\n');
    const flood = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'a')));
    };
    socket.on('drain', flood);
    flood();
  });
  const { code } = await failureOf(open(t, `${server.url}/token`));
  assert.equal(code, 'token');
  assert.equal(server.requests.length, 1);
});

test('an endpoint that is not there is a passing failure, and a credential MSAL cannot use is none', async (t) => {
  const server = await startTokenServer(t);
  const gone = await failureOf(open(t, 'http://127.0.0.1:1/token'));
  assert.equal(gone.code, 'token');
  assert.match(gone.message, /ECONNREFUSED/);
  const unusable = await failureOf(open(t, server.url, { credential: credentialOf({ kind: 'secret', secret: '' }) }));
  assert.equal(unusable.code, 'credential');
  assert.equal(server.forms.length, 0);
});
