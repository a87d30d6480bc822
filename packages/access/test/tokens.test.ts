/* Tokens of Entra: what is believed of them, and how often their keys are fetched. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openAccess } from '../src/index.ts';
import { AUDIENCE, CLAIMS, ISSUER, type Issuer, NOW_S, startIssuer, TENANT } from './token-issuer.ts';

interface Opened {
  readonly issuer: Issuer;
  readonly time: { ms: number };
  /** The code of the refusal, or the caller's name. */
  ask(token: string): Promise<string>;
}

async function open(t: TestContext): Promise<Opened> {
  const issuer = await startIssuer(t);
  const time = { ms: 0 };
  const access = await openAccess({
    config: {
      keysFile: null,
      tokens: { tenantId: TENANT, audience: AUDIENCE, issuers: [ISSUER], keysUrl: issuer.url },
    },
    reachable: true,
    logger: { info: () => {}, warn: () => {} },
    clock: () => time.ms,
    nowS: () => NOW_S + time.ms / 1000,
  });
  async function ask(token: string): Promise<string> {
    const identified = await access.identify({ apiKey: null, bearer: token });
    return identified.ok ? identified.caller.name : identified.refusal.code;
  }
  return { issuer, time, ask };
}

test('a token of the tenant for this audience says who asks and what he may', async (t) => {
  const issuer = await startIssuer(t);
  const tokens = { tenantId: TENANT, audience: AUDIENCE, issuers: [ISSUER], keysUrl: issuer.url };
  const logger = { info: () => {}, warn: () => {} };
  const access = await openAccess({ config: { keysFile: null, tokens }, reachable: true, logger, nowS: () => NOW_S });
  const roles = ['Sluice.Operate', 'Sluice.Read', 'Other.Role', 'constructor', 5];
  const app = await access.identify({ apiKey: null, bearer: issuer.token({ roles }) });
  assert.ok(app.ok);
  assert.deepEqual(app.caller, {
    kind: 'token',
    id: 'app-1',
    name: 'app app-1',
    scopes: ['read', 'operate'],
    connections: '*',
    limits: { requestsPerSecond: null, activitiesPerSecond: null },
    receipts: true,
  });
  const person = await access.identify({ apiKey: null, bearer: issuer.token({ scp: 'x', oid: 'person-1' }) });
  assert.equal(person.ok && person.caller.name, 'user person-1 of app app-1');
});

test('what a token gets wrong is refused, each for its reason', async (t) => {
  const { ask, issuer } = await open(t);
  issuer.addKey('hidden', false);
  const header = (over: object) => issuer.token({}, { ...over });
  const cases: readonly (readonly [string, string])[] = [
    [issuer.token({ aud: 'https://graph.microsoft.com' }), 'token_audience_wrong'],
    [issuer.token({ aud: '00000003-0000-0000-c000-000000000000' }, { alg: 'none' }), 'token_audience_wrong'],
    [issuer.token({ aud: [AUDIENCE] }), 'token_audience_wrong'],
    [issuer.token({ aud: undefined }), 'token_audience_wrong'],
    [issuer.token({ iss: `${ISSUER}/` }), 'token_issuer_wrong'],
    [issuer.token({ iss: undefined }), 'token_issuer_wrong'],
    [issuer.token({ tid: '5106ce00-0000-4000-8000-0000000000a2' }), 'token_issuer_wrong'],
    [issuer.token({ tid: undefined }), 'token_issuer_wrong'],
    [issuer.token({ exp: NOW_S - 61 }), 'token_expired'],
    [issuer.token({ exp: undefined }), 'token_invalid'],
    [issuer.token({ exp: '9999999999' }), 'token_invalid'],
    [issuer.token({ nbf: NOW_S + 61 }), 'token_not_yet_valid'],
    [header({ alg: 'none' }), 'token_invalid'],
    [header({ alg: 'HS256' }), 'token_invalid'],
    [header({ alg: 'RS512' }), 'token_invalid'],
    [header({ kid: 'hidden' }), 'token_invalid'],
    [header({ kid: undefined }), 'token_invalid'],
    [header({ crit: ['exp'] }), 'token_invalid'],
    [`${issuer.token().slice(0, -6)}AAAAAA`, 'token_invalid'],
    [issuer.token().replace(/\.[^.]*$/, '.'), 'token_invalid'],
    ['eyJ.eyJ.eyJ', 'token_invalid'],
    ['not a token', 'credentials_invalid'],
  ];
  for (const [token, code] of cases) assert.equal(await ask(token), code, token);
  assert.equal(await ask(issuer.token({ exp: NOW_S - 59 })), 'app app-1', 'clocks differ by a minute at most');
  assert.equal(await ask(issuer.token({ nbf: NOW_S + 59 })), 'app app-1');
  const payload = Buffer.from(JSON.stringify({ ...CLAIMS, roles: ['Sluice.Operate'] })).toString('base64url');
  const [head, , signature] = issuer.token().split('.');
  assert.equal(await ask(`${head}.${payload}.${signature}`), 'token_invalid', 'roles that were not signed');
});

test('the refusal of a token for Graph names the audience that is wanted', async (t) => {
  const issuer = await startIssuer(t);
  const tokens = { tenantId: TENANT, audience: AUDIENCE, issuers: [ISSUER], keysUrl: issuer.url };
  const logger = { info: () => {}, warn: () => {} };
  const access = await openAccess({ config: { keysFile: null, tokens }, reachable: true, logger });
  const refused = await access.identify({ apiKey: null, bearer: issuer.token({ aud: 'https://graph.microsoft.com' }) });
  assert.ok(!refused.ok);
  assert.match(refused.refusal.detail, /audience api:\/\/sluice \(scope api:\/\/sluice\/\.default\)/);
  assert.equal(issuer.fetches, 0, 'and nobody had to fetch a key for it');
});

test('a thousand unknown keys make us look once a minute, and a new key is found then', async (t) => {
  const { ask, issuer, time } = await open(t);
  assert.equal(await ask(issuer.token()), 'app app-1');
  assert.equal(issuer.fetches, 1);
  const flood = () => Promise.all(Array.from({ length: 1000 }, (_, n) => ask(issuer.token({}, { kid: `none-${n}` }))));
  assert.deepEqual(new Set(await flood()), new Set(['token_invalid']));
  assert.equal(issuer.fetches, 1, 'it was looked at less than a minute ago');
  issuer.addKey('k2');
  time.ms += 59_999;
  assert.equal(await ask(issuer.token({}, { kid: 'k2' })), 'token_invalid');
  time.ms += 1;
  assert.equal(await ask(issuer.token({}, { kid: 'k2' })), 'app app-1');
  await flood();
  assert.equal(issuer.fetches, 2);
});

test('while the endpoint is away or answers nonsense the last good keys stay in force', async (t) => {
  const { ask, issuer, time } = await open(t);
  assert.equal(await ask(issuer.token()), 'app app-1');
  const nonsense = ['', '<html>', '{"keys":[]}', '{"keys":[{"kty":"oct","k":"AA","kid":"k1"}]}', 'x'.repeat(300_000)];
  for (const [n, body] of nonsense.entries()) {
    issuer.broken = { status: n === 0 ? 500 : 200, body };
    time.ms += 3_600_001;
    const fresh = { exp: NOW_S + time.ms / 1000 + 600, n };
    assert.equal(await ask(issuer.token(fresh)), 'app app-1', body.slice(0, 40));
    assert.equal(await ask(issuer.token(fresh, { kid: 'k3' })), 'token_invalid');
  }
  issuer.broken = null;
  issuer.addKey('k3');
  time.ms += 60_000;
  assert.equal(await ask(issuer.token({ exp: NOW_S + time.ms / 1000 + 600 }, { kid: 'k3' })), 'app app-1');
});

test('with no keys at all it cannot be told who asks: 503, and it is tried again soon', async (t) => {
  const { ask, issuer, time } = await open(t);
  issuer.broken = { status: 503, body: '' };
  assert.equal(await ask(issuer.token()), 'token_keys_unavailable');
  assert.equal(await ask(issuer.token()), 'token_keys_unavailable');
  assert.equal(issuer.fetches, 1);
  issuer.broken = null;
  time.ms += 5000;
  assert.equal(await ask(issuer.token()), 'app app-1');
});

test('a token that was verified is not verified anew, and ends in its time all the same', async (t) => {
  const { ask, issuer, time } = await open(t);
  const token = issuer.token({ exp: NOW_S + 100 });
  assert.equal(await ask(token), 'app app-1');
  time.ms += 159_000;
  assert.equal(await ask(token), 'app app-1');
  time.ms += 1000;
  assert.equal(await ask(token), 'token_expired');
  const long = issuer.token({ exp: NOW_S + 100_000 });
  assert.equal(await ask(long), 'app app-1');
  issuer.removeKey('k1');
  issuer.addKey('k9');
  time.ms += 60_000;
  await ask(issuer.token({}, { kid: 'k9' }));
  time.ms += 300_000;
  assert.equal(await ask(long), 'token_invalid', 'a key that was withdrawn does not live on in what we remember');
});
