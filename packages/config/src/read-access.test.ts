/* Who may ask, and https: which settings go together, and that a wrong one stops the start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificate } from '@sluice/testing';
import { ConfigError, loadConfig } from './load-config.ts';

const TENANT = '5106CE00-0000-4000-8000-0000000000A1';
const TOKENS = { SLUICE_JWT_TENANT_ID: TENANT, SLUICE_JWT_AUDIENCE: 'api://sluice' };

function load(variables: Record<string, string>, files: Record<string, string> = {}, callers = true) {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return text;
  };
  return loadConfig(variables, { needs: { callers }, readFile }).config;
}

function refusal(variables: Record<string, string>, files: Record<string, string> = {}): string {
  try {
    load(variables, files);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    return error.message;
  }
  assert.fail(`accepted: ${JSON.stringify(variables)}`);
}

test('beyond this machine there must be keys, tokens, or an operator who wants neither', () => {
  const bind = { SLUICE_BIND: '0.0.0.0' };
  assert.match(refusal(bind), /SLUICE_BIND is "0\.0\.0\.0".*sluice keys create/);
  assert.equal(load({ ...bind, SLUICE_API_KEYS_FILE: '/k' }, { '/k': '{"keys":[]}' }).access.keysFile, '/k');
  assert.equal(load({ ...bind, ...TOKENS }).listen.bind, '0.0.0.0');
  assert.equal(load({ ...bind, SLUICE_ALLOW_ANONYMOUS: '1' }).access.keysFile, null);
  assert.equal(load({}).access.tokens, null);
});

test('a file of keys that cannot be used stops the services that answer callers, and no other', () => {
  const variables = { SLUICE_API_KEYS_FILE: '/k' };
  assert.match(refusal(variables), /SLUICE_API_KEYS_FILE is "\/k": the file cannot be read \(ENOENT\)/);
  assert.match(refusal(variables, { '/k': ' ' }), /the file is empty/);
  assert.match(
    refusal(variables, { '/k': '{"keys":[{"id":1}]}' }),
    /SLUICE_API_KEYS_FILE is "\/k": keys\/0: "id" must be/,
  );
  assert.equal(load(variables, {}, false).access.keysFile, '/k');
});

test('tokens need tenant and audience; where their keys are follows from the cloud', () => {
  assert.match(
    refusal({ SLUICE_JWT_TENANT_ID: TENANT }),
    /SLUICE_JWT_TENANT_ID is set, but SLUICE_JWT_AUDIENCE is not/,
  );
  assert.match(refusal({ SLUICE_JWT_AUDIENCE: 'x' }), /SLUICE_JWT_AUDIENCE is set, but SLUICE_JWT_TENANT_ID is not/);
  assert.match(refusal({ SLUICE_JWT_KEYS_URL: 'https://a' }), /SLUICE_JWT_KEYS_URL is set, but SLUICE_JWT_TENANT_ID/);
  assert.match(refusal({ ...TOKENS, SLUICE_JWT_TENANT_ID: 'contoso' }), /must be a directory \(tenant\) id/);
  assert.match(
    refusal({ ...TOKENS, SLUICE_JWT_KEYS_URL: 'http://keys.example' }),
    /plain http is allowed to this machine/,
  );
  const tenant = TENANT.toLowerCase();
  assert.deepEqual(load(TOKENS).access.tokens, {
    tenantId: tenant,
    audience: 'api://sluice',
    issuers: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
    keysUrl: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
  });
  const gov = load({ ...TOKENS, GRAPH_CLOUD: 'usgov' }).access.tokens;
  assert.equal(gov?.keysUrl, `https://login.microsoftonline.us/${tenant}/discovery/v2.0/keys`);
  const own = { SLUICE_JWT_KEYS_URL: 'http://127.0.0.1:9/keys', SLUICE_JWT_ISSUER: 'test' };
  const { keysUrl, issuers } = load({ ...TOKENS, ...own }).access.tokens!;
  assert.deepEqual([keysUrl, issuers], ['http://127.0.0.1:9/keys', ['test']]);
});

test('https needs a certificate and the key that belongs to it', () => {
  const [ours, other] = [makeCertificate('ours'), makeCertificate('other')];
  const files = { '/c': ours.certificatePem, '/k': ours.privateKeyPem, '/o': other.privateKeyPem, '/x': 'text' };
  const tls = (cert: string, key: string) => ({ SLUICE_TLS_CERT_FILE: cert, SLUICE_TLS_KEY_FILE: key });
  assert.deepEqual(load(tls('/c', '/k'), files).tls, { certFile: '/c', keyFile: '/k' });
  assert.match(
    refusal({ SLUICE_TLS_CERT_FILE: '/c' }, files),
    /SLUICE_TLS_CERT_FILE is set, but SLUICE_TLS_KEY_FILE is not/,
  );
  assert.match(refusal({ SLUICE_TLS_KEY_FILE: '/k' }, files), /SLUICE_TLS_KEY_FILE is set, but SLUICE_TLS_CERT_FILE/);
  assert.match(refusal(tls('/c', '/o'), files), /SLUICE_TLS_KEY_FILE names a key that does not belong/);
  assert.match(
    refusal(tls('/x', '/k'), files),
    /SLUICE_TLS_CERT_FILE names a file that does not begin with a certificate/,
  );
  assert.match(refusal(tls('/c', '/x'), files), /SLUICE_TLS_KEY_FILE names a file that holds no private key/);
  assert.match(refusal(tls('/c', '/none'), files), /SLUICE_TLS_KEY_FILE is "\/none": the file cannot be read/);
});
