/*
  Managed identity, against an endpoint on this machine that answers like App Service's. MSAL keeps source and network of the
  first request for the whole process, so that all tests of this file ask one endpoint, each with answers of its own.
*/
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openIdentityTokenSource } from '../src/tokens/identity-token-source.ts';
import { TokenError, type TokenSource } from '../src/tokens/token-source.ts';
import { httpAnswer, type RawRequest, startRawServer } from './raw-server.ts';

type Answer = (request: RawRequest) => string;

const SCOPE = 'https://graph.microsoft.com/.default';
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const seconds = (ms: number) => String(Math.floor(ms / 1000));

let answer: Answer = () => httpAnswer(500, {});
let requests: RawRequest[] = [];
const SERVER = { after: (stop: () => void) => test.after(stop) } as unknown as TestContext;
const { url } = await startRawServer(SERVER, (socket, request) => {
  requests.push(request);
  socket.write(answer(request));
});
process.env['IDENTITY_ENDPOINT'] = `${url}/msi/token`;
process.env['IDENTITY_HEADER'] = 'canary-identity-header';

function open(t: TestContext, clientId: string | null, first: Answer): TokenSource {
  answer = first;
  requests = [];
  const source = openIdentityTokenSource({
    credential: { kind: 'managed-identity', clientId },
    scope: SCOPE,
    clock: () => performance.now(),
    wallClock: () => NOW_MS,
  });
  t.after(() => source.close());
  return source;
}

const give =
  (parts: Readonly<Record<string, unknown>> = {}): Answer =>
  ({ path }) => {
    const { searchParams } = new URL(path, url);
    return httpAnswer(200, {
      access_token: `token-of-${searchParams.get('client_id') ?? 'system'}`,
      expires_on: seconds(NOW_MS + 3_600_000),
      resource: searchParams.get('resource'),
      token_type: 'Bearer',
      ...parts,
    });
  };

async function failureOf(source: TokenSource): Promise<TokenError> {
  const thrown = await source.acquire({ claims: null }).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof TokenError, String(thrown));
  return thrown;
}

test('the system-assigned identity asks its machine for Graph, with the header that the machine set', async (t) => {
  const source = open(t, null, give());
  assert.deepEqual(await source.acquire({ claims: null }), {
    value: 'token-of-system',
    lifetimeMs: 3_600_000,
    refreshInMs: null,
    answeredAtMs: null,
  });
  const { searchParams, pathname } = new URL(requests[0]!.path, url);
  assert.equal(pathname, '/msi/token');
  assert.deepEqual(
    [searchParams.get('resource'), searchParams.has('client_id'), requests[0]!.headers.get('x-identity-header')],
    ['https://graph.microsoft.com', false, 'canary-identity-header'],
  );
});

test('identities asked for at once each get their own token: nothing of the first stands in for the others', async (t) => {
  const ids = [null, 'id-1', 'id-2', 'id-3'];
  const sources = ids.map((id) => open(t, id, give()));
  const rounds = await Promise.all([...sources, ...sources].map((source) => source.acquire({ claims: null })));
  const expected = ids.map((id) => `token-of-${id ?? 'system'}`);
  assert.deepEqual(
    rounds.map(({ value }) => value),
    [...expected, ...expected],
  );
  assert.equal(requests.length, 8, 'every acquisition asks: nothing of MSAL’s cache stands in the way');
});

test('the end of a token is read as seconds or as a date, and measured against the Date of the answer', async (t) => {
  const dated = (expiresOn: unknown) => (request: RawRequest) =>
    give({ expires_on: expiresOn, expires_in: '86400' })(request).replace(
      '\r\n',
      '\r\ndate: Tue, 24 Nov 2026 09:00:00 GMT\r\n',
    );
  const source = open(t, null, dated(seconds(Date.parse('2026-11-24T09:10:00Z'))));
  assert.equal((await source.acquire({ claims: null })).lifetimeMs, 600_000);
  answer = dated('2026-11-24T09:20:00.000Z');
  assert.equal((await source.acquire({ claims: null })).lifetimeMs, 1_200_000);
  answer = give({ expires_on: undefined });
  assert.equal((await failureOf(source)).code, 'token', 'a token of unknown end is none');
});

test('an identity the machine does not know is to be mended, an endpoint that is being updated passes', async (t) => {
  const source = open(t, 'nobody', give());
  for (const [status, body, code] of [
    [400, { statusCode: 400, message: 'No Managed Identity found for specified ClientId' }, 'credential'],
    [400, { error: 'invalid_request', error_description: 'Identity not found' }, 'credential'],
    [401, {}, 'credential'],
    [403, { error: { code: 'Forbidden', message: 'no' } }, 'credential'],
    [404, { error: 'not_found' }, 'token'],
    [410, '', 'token'],
    [429, {}, 'token'],
    [500, '<html>', 'token'],
    [200, '<html>', 'token'],
    [200, {}, 'token'],
  ] as const) {
    answer = () => httpAnswer(status, body);
    assert.equal((await failureOf(source)).code, code, `${status} ${JSON.stringify(body)}`);
  }
  answer = () => httpAnswer(400, { statusCode: 400, message: 'No Managed Identity found (canary-identity-header)' });
  assert.equal(
    (await failureOf(source)).message,
    'identity endpoint answered 400 No Managed Identity found ([secret])',
  );
});

test('one refusal is one request: MSAL’s own retries would ask for seconds behind a caller’s back', async (t) => {
  const source = open(t, null, () => httpAnswer(503, {}, { 'retry-after': '7' }));
  const { code, retryAfterMs } = await failureOf(source);
  assert.deepEqual([code, retryAfterMs, requests.length], ['token', 7000, 1]);
});
