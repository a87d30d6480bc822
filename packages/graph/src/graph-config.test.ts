import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GraphConfig, GraphConfigError, resolveEndpoints } from './graph-config.ts';

const GRAPH: GraphConfig = {
  credential: {
    kind: 'app',
    tenantId: '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11',
    clientId: '1f0c997e-99f7-43f1-8cca-086f8d42be8d',
    proof: { kind: 'secret', secret: 's' },
  },
  cloud: 'usgov',
  version: 'v1.0',
  baseUrl: null,
  tokenUrl: null,
};

function resolve(parts: Partial<GraphConfig>, allowInsecure = false) {
  return resolveEndpoints({ ...GRAPH, ...parts }, { allowInsecure });
}

test('without addresses of its own a configuration asks its cloud', () => {
  const { graphRoot, tokenUrl } = resolve({});
  assert.equal(graphRoot.href, 'https://graph.microsoft.us/');
  assert.equal(
    tokenUrl?.href,
    `https://login.microsoftonline.us/8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11/oauth2/v2.0/token`,
  );
});

test('plain http is spoken to this machine only, unless that is allowed', () => {
  for (const host of ['127.0.0.1:8090', 'localhost', '[::1]:1', '127.9.9.9']) {
    assert.ok(resolve({ baseUrl: `http://${host}`, tokenUrl: `http://${host}/t` }));
  }
  for (const host of ['graph.example', '128.0.0.1', 'localhost.example', '127.0.0.1.example', '10.0.0.1']) {
    for (const parts of [{ baseUrl: `http://${host}` }, { tokenUrl: `http://${host}/t` }]) {
      assert.throws(() => resolve(parts), GraphConfigError, JSON.stringify(parts));
      assert.ok(resolve(parts, true));
    }
  }
});

test('an address that is none, or carries more than a path, is refused without being shown', () => {
  for (const url of [
    '',
    'graph',
    'ftp://graph.example',
    'https://u:p4ss@graph.example',
    'https://g.example/?k=p4ss',
    'https://g.example/#a',
  ]) {
    assert.throws(
      () => resolve({ baseUrl: url }),
      (error: unknown) => error instanceof GraphConfigError && !error.message.includes('p4ss'),
      url,
    );
  }
});

test('a cloud without addActivities is refused with the reason', () => {
  assert.throws(() => resolve({ cloud: 'china' as 'global' }), /21Vianet/);
});

test('a managed identity asks its machine, whatever token endpoint is set', () => {
  const credential = { kind: 'managed-identity', clientId: null } as const;
  assert.equal(resolve({ credential, tokenUrl: 'https://login.example/token' }).tokenUrl, null);
});
