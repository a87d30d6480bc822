import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOUDS, findCloud } from './clouds.ts';
import { resolveEndpoints } from './graph-config.ts';

const TENANT = '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11';

/** learn.microsoft.com/graph/deployments: the service root, and where an app signs in. */
const DOCUMENTED = {
  global: ['https://graph.microsoft.com', 'https://login.microsoftonline.com'],
  usgov: ['https://graph.microsoft.us', 'https://login.microsoftonline.us'],
  'usgov-dod': ['https://dod-graph.microsoft.us', 'https://login.microsoftonline.us'],
} as const;

for (const [name, [root, authority]] of Object.entries(DOCUMENTED)) {
  test(`${name} asks its own Graph, with a token of its own authority for its own scope`, () => {
    const graph = {
      credential: { kind: 'app', tenantId: TENANT, clientId: TENANT, proof: { kind: 'secret', secret: 's' } },
      cloud: name as keyof typeof DOCUMENTED,
      version: 'v1.0',
      baseUrl: null,
      tokenUrl: null,
    } as const;
    const { graphRoot, tokenUrl, cloud } = resolveEndpoints(graph, { allowInsecure: false });
    assert.deepEqual(
      [graphRoot.origin, tokenUrl?.href, cloud.scope],
      [root, `${authority}/${TENANT}/oauth2/v2.0/token`, `${root}/.default`],
    );
  });
}

test('there are no other clouds: China is refused with the reason, an unknown name with the known ones', () => {
  assert.deepEqual(Object.keys(CLOUDS), Object.keys(DOCUMENTED));
  const [china, unknown] = [findCloud('china'), findCloud('constructor')];
  assert.ok('refused' in china && china.refused.includes('21Vianet'));
  assert.ok('refused' in unknown && unknown.refused.includes('usgov-dod'));
});
