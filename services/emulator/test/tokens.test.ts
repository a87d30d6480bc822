import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/testing';
import { MANAGED_IDENTITY_TENANT } from '../src/tokens/managed-identity.ts';
import { CREDENTIALS, FORM, startWith } from './client.ts';

const tokenRequest = (form: Readonly<Record<string, string>>, tenant = 'contoso') => ({
  method: 'POST',
  path: `/${tenant}/oauth2/v2.0/token`,
  headers: FORM,
  body: new URLSearchParams(form).toString(),
});
const without = (name: string) => Object.fromEntries(Object.entries(CREDENTIALS).filter(([each]) => each !== name));

test('a secret or an assertion gets a token, and the ledger knows its tenant', async (t) => {
  const { json, call, ledger } = await startWith(t, {});
  const assertion = {
    ...without('client_secret'),
    client_assertion: 'x.y.z',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
  for (const form of [CREDENTIALS, assertion]) {
    const { access_token: token, ...rest } = await json(tokenRequest(form, 'fabrikam.onmicrosoft.com'));
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
    assert.equal((await call({ token, entries: 1 })).status, 200);
  }
  assert.deepEqual(
    (await ledger()).map(({ tenant }) => tenant),
    ['fabrikam.onmicrosoft.com', 'fabrikam.onmicrosoft.com'],
  );
});

const BAD: readonly (readonly [string, Readonly<Record<string, string>>, number, string, number])[] = [
  ['no credential', without('client_secret'), 401, 'invalid_client', 7000218],
  ['no client_id', without('client_id'), 400, 'invalid_request', 900144],
  ['no scope', without('scope'), 400, 'invalid_request', 900144],
  ['another grant', { ...CREDENTIALS, grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
  ['a scope without .default', { ...CREDENTIALS, scope: 'User.Read' }, 400, 'invalid_scope', 1002012],
  ['an assertion of no type', { ...without('client_secret'), client_assertion: 'x' }, 400, 'invalid_request', 900144],
];
for (const [what, form, status, error, number] of BAD) {
  test(`${what} is refused as Entra refuses it`, async (t) => {
    const { send } = await startWith(t, {});
    const seen = await send(tokenRequest(form));
    const body = JSON.parse(seen.text);
    assert.deepEqual([seen.status, body.error, body.error_codes], [status, error, [number]]);
    assert.match(body.error_description, new RegExp(`^AADSTS${number}: `));
  });
}

test('the shared tenants give no token for client credentials', async (t) => {
  const { send } = await startWith(t, {});
  assert.equal((await send(tokenRequest(CREDENTIALS, 'common'))).status, 400);
});

test('a token is good until it expires, and then it is answered 401 with a challenge', async (t) => {
  const clock = manualClock();
  const { call, token } = await startWith(t, { token: { expiresIn: 60 } }, { clock });
  const given = await token();
  await clock.advance(59_999);
  assert.equal((await call({ token: given })).status, 200);
  await clock.advance(1);
  const { status, headers, text } = await call({ token: given });
  assert.equal(status, 401);
  assert.match(String(headers['www-authenticate']), /^Bearer realm=""/);
  assert.equal(JSON.parse(text).error.code, 'InvalidAuthenticationToken');
  assert.match(JSON.parse(text).error.message, /expired/);
});

test('a token that was asked for without the wanted claims is challenged, and one with them is good', async (t) => {
  const claims = { access_token: { acrs: { essential: true, value: 'cp1' } } };
  const { call, token } = await startWith(t, { token: { claims } });
  const plain = await call({ token: await token() });
  assert.equal(plain.status, 401);
  const challenge = String(plain.headers['www-authenticate']);
  assert.match(challenge, /^Bearer realm="".*, error="insufficient_claims", claims="/);
  const encoded = /claims="([^"]+)"/.exec(challenge)![1]!;
  assert.deepEqual(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')), claims);
  const more = { access_token: { ...claims.access_token, xms_cc: { values: ['cp1'] } } };
  for (const [asked, status] of [
    [claims, 200],
    [more, 200],
    [{ access_token: { xms_cc: { values: ['cp1'] } } }, 401],
    ['no JSON', 401],
  ] as const) {
    const text = typeof asked === 'string' ? asked : JSON.stringify(asked);
    assert.equal((await call({ token: await token('contoso', { claims: text }) })).status, status, text);
  }
});

test('no token, a foreign one, a changed one and one for another audience are refused', async (t) => {
  const { call, token, ledger } = await startWith(t, {});
  const [header, body, signature] = (await token()).split('.') as [string, string, string];
  const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), tid: 'evil' }));
  const elsewhere = await token('contoso', { scope: 'https://vault.azure.net/.default' });
  for (const bad of [
    '',
    'x',
    'a.b.c',
    `${header}.${body}`,
    `${header}.${forged.toString('base64url')}.${signature}`,
    elsewhere,
  ]) {
    assert.equal((await call({ token: bad })).status, 401, bad);
  }
  assert.equal((await call({ headers: { authorization: 'Basic eA==' } })).status, 401);
  assert.deepEqual(await ledger(), []);
});

test('tokens for every cloud of Graph, and for the emulator itself, are taken', async (t) => {
  const { call, token, url } = await startWith(t, {});
  const roots = ['https://graph.microsoft.com', 'https://graph.microsoft.us', 'https://dod-graph.microsoft.us', url];
  for (const root of roots) {
    assert.equal((await call({ token: await token('contoso', { scope: `${root}/.default` }) })).status, 200, root);
  }
});

test('the token endpoint fails as it is told, and how often it was asked is counted', async (t) => {
  const { send, behave, stats } = await startWith(t, {});
  const seen = async (fail: unknown) => {
    await behave({ token: { fail } });
    return send(tokenRequest(CREDENTIALS));
  };
  const unavailable = await seen(503);
  assert.deepEqual([unavailable.status, JSON.parse(unavailable.text).error], [503, 'temporarily_unavailable']);
  const denied = await seen({ status: 401, error: 'unauthorized_client', headers: { 'Retry-After': '9' } });
  assert.deepEqual(
    [denied.status, JSON.parse(denied.text).error, denied.headers['retry-after']],
    [401, 'unauthorized_client', '9'],
  );
  const page = await seen({ status: 502, body: '<html>' });
  assert.deepEqual([page.status, page.text, page.headers['content-type']], [502, '<html>', 'text/html']);
  assert.equal((await seen(null)).status, 200);
  assert.deepEqual((await stats()).tokenCalls, { '200': 1, '401': 1, '502': 1, '503': 1 });
});

test('a managed identity gets a token the way App Service and a virtual machine give it', async (t) => {
  const clock = manualClock(1_800_000_000_000);
  const { send, json, call, ledger } = await startWith(t, {}, { clock });
  const resource = 'https://graph.microsoft.com/';
  const sources = [
    { path: '/msi/token?api-version=2019-08-01', headers: { 'X-IDENTITY-HEADER': 'any' } },
    { path: '/metadata/identity/oauth2/token?api-version=2018-02-01', headers: { Metadata: 'true' } },
    { path: '/metadata/identity/oauth2/token/?api-version=2018-02-01', headers: { Metadata: 'true' } },
  ];
  for (const { path, headers } of sources) {
    const asked = { path: `${path}&resource=${encodeURIComponent(resource)}`, headers };
    const { access_token: token, ...rest } = await json(asked);
    assert.deepEqual([rest.expires_on, rest.resource, rest.token_type], ['1800003599', resource, 'Bearer']);
    assert.equal((await call({ token, entries: 1 })).status, 200);
    assert.ok((await send({ path: asked.path })).status >= 400, 'without its header');
    assert.equal((await send({ path, headers })).status, 400, 'without a resource');
  }
  assert.deepEqual(
    (await ledger()).map(({ tenant }) => tenant),
    sources.map(() => MANAGED_IDENTITY_TENANT),
  );
});
