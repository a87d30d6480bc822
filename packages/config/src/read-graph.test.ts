import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, loadConfig } from './load-config.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const OTHER = '99999999-2222-3333-4444-555555555555';
const GRAPH = { GRAPH_TENANT_ID: GUID, GRAPH_CLIENT_ID: GUID, GRAPH_CLIENT_SECRET: 'canary-secret' };
const AZURE = { AZURE_TENANT_ID: OTHER, AZURE_CLIENT_ID: OTHER, AZURE_CLIENT_SECRET: 'azure-secret' };

const needed = (variables: Record<string, string>) =>
  loadConfig(variables, { needs: { graph: true } }).config.tenants[0]?.graph;

function proofOf(variables: Record<string, string>) {
  const credential = needed(variables)?.credential;
  return credential?.kind === 'app' ? credential.proof : credential;
}

function refusal(variables: Record<string, string>): string {
  try {
    needed(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.doesNotMatch(error.message, /canary/);
    return error.message;
  }
  assert.fail(`accepted: ${JSON.stringify(variables)}`);
}

test('a service that calls Graph names everything that is missing', () => {
  const message = refusal({});
  for (const name of ['TENANT_ID', 'CLIENT_ID', 'CLIENT_SECRET']) {
    assert.match(message, new RegExp(`GRAPH_${name} is not set, nor is AZURE_${name}: must be`));
  }
});

test('a service that does not call Graph needs no credential, and ignores half a one of Azure', () => {
  assert.equal(loadConfig({}).config.tenants[0]?.graph, null);
  assert.equal(loadConfig({ AZURE_CLIENT_ID: 'not-a-guid', AZURE_TENANT_ID: OTHER }).config.tenants[0]?.graph, null);
});

test('GRAPH_ beats AZURE_, name by name', () => {
  assert.deepEqual(needed({ ...AZURE, GRAPH_TENANT_ID: GUID }), {
    credential: { kind: 'app', tenantId: GUID, clientId: OTHER, proof: { kind: 'secret', secret: 'azure-secret' } },
    cloud: 'global',
    version: 'v1.0',
    baseUrl: null,
    tokenUrl: null,
    secretExpiresMs: null,
    proxy: null,
    claimsChallenges: false,
    allowInsecure: false,
  });
  assert.deepEqual(proofOf({ ...AZURE, ...GRAPH }), { kind: 'secret', secret: 'canary-secret' });
  assert.match(refusal({ ...AZURE, AZURE_TENANT_ID: 'contoso' }), /AZURE_TENANT_ID is "contoso": must be .* GUID/);
});

test('cloud words, and China with the reason', () => {
  for (const [word, cloud] of [
    ['global', 'global'],
    ['usgov', 'usgov'],
    ['gcc-high', 'usgov'],
    ['GCC-High', 'usgov'],
    ['usgov-dod', 'usgov-dod'],
    ['dod', 'usgov-dod'],
  ] as const) {
    assert.equal(needed({ ...GRAPH, GRAPH_CLOUD: word })?.cloud, cloud);
  }
  assert.match(
    refusal({ ...GRAPH, GRAPH_CLOUD: 'china' }),
    /GRAPH_CLOUD is "china": .*21Vianet has no external connections API/,
  );
  assert.match(refusal({ ...GRAPH, GRAPH_CLOUD: 'moon' }), /must be one of global, usgov/);
  assert.match(refusal({ ...GRAPH, GRAPH_CLOUD: 'constructor' }), /must be one of global, usgov/);
});

test('plain http leads to this machine only, unless it is allowed', () => {
  for (const url of ['http://127.0.0.1:8090', 'http://localhost:8090', 'http://[::1]:8090', 'https://graph.example']) {
    assert.equal(needed({ ...GRAPH, GRAPH_BASE_URL: `${url}/` })?.baseUrl, url);
    assert.equal(needed({ ...GRAPH, GRAPH_TOKEN_URL: `${url}/t/token` })?.tokenUrl, `${url}/t/token`);
  }
  for (const url of ['http://10.0.0.1:8090', 'http://127.0.0.1.evil.example', 'http://localhost.evil.example']) {
    assert.match(
      refusal({ ...GRAPH, GRAPH_BASE_URL: url }),
      /GRAPH_BASE_URL is .*plain http is allowed to this machine only/,
    );
    assert.match(refusal({ ...GRAPH, GRAPH_TOKEN_URL: url }), /GRAPH_TOKEN_URL is .*plain http is allowed/);
    assert.equal(needed({ ...GRAPH, GRAPH_BASE_URL: url, SLUICE_ALLOW_INSECURE: '1' })?.baseUrl, url);
  }
});

test('a Graph root carries no version, credentials or query', () => {
  assert.match(refusal({ ...GRAPH, GRAPH_BASE_URL: 'https://graph.example/v1.0/' }), /leave the version out/);
  for (const url of ['https://u:p@graph.example', 'https://graph.example/?a=b', 'https://graph.example/#a']) {
    assert.match(refusal({ ...GRAPH, GRAPH_BASE_URL: url }), /must not carry credentials, a query or a fragment/);
  }
  for (const url of ['graph.example', 'ftp://graph.example', 'https://']) {
    assert.match(refusal({ ...GRAPH, GRAPH_BASE_URL: url }), /must be the https URL of the Graph root/);
  }
});

test('AZURE_AUTHORITY_HOST must fit the cloud', () => {
  needed({ ...GRAPH, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' });
  needed({ ...GRAPH, GRAPH_CLOUD: 'dod', AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' });
  needed({ ...GRAPH, GRAPH_TOKEN_URL: 'https://sts.example/token', AZURE_AUTHORITY_HOST: 'https://sts.example/' });
  assert.match(
    refusal({ ...GRAPH, GRAPH_CLOUD: 'usgov', AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' }),
    /AZURE_AUTHORITY_HOST is .*GRAPH_CLOUD usgov signs in at login\.microsoftonline\.us/,
  );
});

test('when a secret expires is a day or a moment, and belongs to a secret alone', () => {
  const expires = (text: string) => needed({ ...GRAPH, GRAPH_CLIENT_SECRET_EXPIRES: text })?.secretExpiresMs;
  assert.equal(expires('2027-01-31'), Date.UTC(2027, 0, 31));
  assert.equal(expires('2027-01-31T12:00:00+01:00'), Date.UTC(2027, 0, 31, 11));
  for (const wrong of ['31.1.2027', '2027-02-30', 'soon']) {
    assert.match(
      refusal({ ...GRAPH, GRAPH_CLIENT_SECRET_EXPIRES: wrong }),
      /GRAPH_CLIENT_SECRET_EXPIRES is .* must be a day/,
    );
  }
  const identity = { GRAPH_MANAGED_IDENTITY: 'system', GRAPH_CLIENT_SECRET_EXPIRES: '2027-01-31' };
  assert.equal(needed(identity)?.secretExpiresMs, null);
});

test('a proxy is read from its own name first, then from those that every tool reads', () => {
  const proxy = (variables: Record<string, string>) => needed({ ...GRAPH, ...variables })?.proxy;
  const url = 'http://ada:pa%3Ass@proxy.example:3128/';
  assert.deepEqual(proxy({ HTTPS_PROXY: url, NO_PROXY: '.corp.example, 10.0.0.1' }), {
    url,
    bypass: '.corp.example, 10.0.0.1',
  });
  assert.deepEqual(proxy({ https_proxy: 'http://proxy.example:3128', no_proxy: '*' }), {
    url: 'http://proxy.example:3128/',
    bypass: '*',
  });
  assert.equal(proxy({ HTTPS_PROXY: 'http://a.example', GRAPH_PROXY_URL: url })?.url, url);
  assert.equal(proxy({ HTTPS_PROXY: url, GRAPH_PROXY_URL: 'none' }), null);
  assert.equal(proxy({ HTTP_PROXY: url }), null);
});

test('what is no proxy is refused by the name it has, without its password', () => {
  for (const url of ['proxy.example:3128', 'socks5://canary@proxy.example', 'http://proxy.example/canary']) {
    assert.match(
      refusal({ ...GRAPH, HTTPS_PROXY: url }),
      /HTTPS_PROXY has a value that is not shown here: must be the http/,
    );
    assert.match(refusal({ ...GRAPH, GRAPH_PROXY_URL: url }), /GRAPH_PROXY_URL has a value that is not shown here/);
  }
});

test('claims challenges are declared on demand', () => {
  assert.equal(needed({ ...GRAPH, GRAPH_CLAIMS_CHALLENGES: '1' })?.claimsChallenges, true);
  assert.equal(needed(GRAPH)?.claimsChallenges, false);
});
