import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificate } from '@sluice/testing';
import { ConfigError, loadConfig } from './load-config.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const { pem, certificatePem } = makeCertificate();
const FILES: Readonly<Record<string, string>> = {
  '/pem': pem,
  '/half': certificatePem,
  '/token': 'a.b.c',
  '/secret': 's',
};
const IDS = { GRAPH_TENANT_ID: GUID, GRAPH_CLIENT_ID: GUID };
const AZURE = {
  AZURE_TENANT_ID: GUID,
  AZURE_CLIENT_ID: GUID,
  AZURE_CLIENT_SECRET: 'canary',
  AZURE_CLIENT_CERTIFICATE_PATH: '/pem',
  AZURE_FEDERATED_TOKEN_FILE: '/token',
};

function readFile(path: string): string {
  const text = FILES[path];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
}

/** The proof, or the managed identity. */
function chosen(variables: Record<string, string>) {
  const { config } = loadConfig(variables, { needs: { graph: true }, readFile });
  const credential = config.tenants[0]?.graph?.credential;
  return credential?.kind === 'app' ? credential.proof : credential;
}

function refusal(variables: Record<string, string>): string {
  try {
    chosen(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.doesNotMatch(error.message, /canary/);
    return error.message;
  }
  assert.fail('accepted');
}

test('each kind of credential', () => {
  for (const [variables, expected] of [
    [{ GRAPH_CLIENT_SECRET: 'x' }, { kind: 'secret', secret: 'x' }],
    [{ GRAPH_CLIENT_SECRET_FILE: '/secret' }, { kind: 'secret-file', path: '/secret' }],
    [{ GRAPH_CLIENT_CERTIFICATE_PATH: '/pem' }, { kind: 'certificate-file', path: '/pem' }],
    [{ GRAPH_FEDERATED_TOKEN_FILE: '/token' }, { kind: 'assertion-file', path: '/token' }],
    [{ GRAPH_MANAGED_IDENTITY: 'system' }, { kind: 'managed-identity', clientId: null }],
    [{ GRAPH_MANAGED_IDENTITY: GUID }, { kind: 'managed-identity', clientId: GUID }],
  ] as const) {
    assert.deepEqual(chosen({ ...IDS, ...variables }), expected);
    assert.deepEqual(chosen({ ...AZURE, ...IDS, ...variables }), expected, 'a GRAPH_ one beats all AZURE_ ones');
  }
});

test('a managed identity needs neither tenant nor client id', () => {
  assert.deepEqual(chosen({ GRAPH_MANAGED_IDENTITY: 'system' }), { kind: 'managed-identity', clientId: null });
  assert.match(
    refusal({ GRAPH_MANAGED_IDENTITY: 'me' }),
    /GRAPH_MANAGED_IDENTITY is "me": must be system, or the client id/,
  );
});

test('of AZURE_ ones a secret comes before a certificate, and that before a federated token', () => {
  const { AZURE_CLIENT_SECRET: _, ...withoutSecret } = AZURE;
  const { AZURE_CLIENT_CERTIFICATE_PATH: __, ...federated } = withoutSecret;
  assert.deepEqual(chosen(AZURE), { kind: 'secret', secret: 'canary' });
  assert.deepEqual(chosen(withoutSecret), { kind: 'certificate-file', path: '/pem' });
  assert.deepEqual(chosen(federated), { kind: 'assertion-file', path: '/token' });
});

test('two GRAPH_ credentials are refused, whichever two', () => {
  const all = {
    GRAPH_CLIENT_SECRET: 'canary',
    GRAPH_CLIENT_CERTIFICATE_PATH: '/pem',
    GRAPH_FEDERATED_TOKEN_FILE: '/token',
    GRAPH_MANAGED_IDENTITY: 'system',
  };
  const names = Object.keys(all) as (keyof typeof all)[];
  for (const first of names) {
    for (const second of names.filter((name) => names.indexOf(name) > names.indexOf(first))) {
      const message = refusal({ ...IDS, [first]: all[first], [second]: all[second] });
      assert.match(
        message,
        new RegExp(`${first} and ${second} are both set: there is one credential, keep one of them`),
      );
    }
  }
  const file = refusal({ ...IDS, GRAPH_CLIENT_SECRET_FILE: '/secret', GRAPH_MANAGED_IDENTITY: 'system' });
  assert.match(file, /GRAPH_CLIENT_SECRET_FILE and GRAPH_MANAGED_IDENTITY are both set/);
});

test('what a credential names is looked at at the start', () => {
  for (const [path, problem] of [
    ['/gone', /GRAPH_CLIENT_CERTIFICATE_PATH is "\/gone": the file cannot be read \(ENOENT\)/],
    ['/half', /GRAPH_CLIENT_CERTIFICATE_PATH is "\/half": must be the path of a PEM file .*; it holds no private key/],
  ] as const) {
    assert.match(refusal({ ...IDS, GRAPH_CLIENT_CERTIFICATE_PATH: path }), problem);
  }
  assert.match(
    refusal({ ...IDS, GRAPH_FEDERATED_TOKEN_FILE: '/gone' }),
    /GRAPH_FEDERATED_TOKEN_FILE is "\/gone": the file cannot/,
  );
  assert.match(
    refusal({ ...AZURE, AZURE_CLIENT_SECRET: '', AZURE_CLIENT_CERTIFICATE_PATH: '/gone' }),
    /AZURE_CLIENT_CERTIFICATE_PATH is/,
  );
});
