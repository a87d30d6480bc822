/* Connections of several tenants: each is stored with its own settings, and a name that no tenant has is not found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '@sluice/config';
import { GUID, openFakeIntake, VALID } from './fake-parts.ts';

const FILE = `
tenants:
  contoso:
    { tenantId: ${GUID}, clientId: ${GUID}, clientSecretFile: /nowhere,
      connections: { quick: { lingerMs: 0, batchMax: 5, pendingMax: 7 }, plain: } }
  fabrikam:
    { managedIdentity: system, connections: { slow: { graphId: plain, lingerMs: 9000 } } }
defaults: { lingerMs: 300 }
`;

function open() {
  const { config } = loadConfig(
    { SLUICE_CONFIG: '/sluice.yaml' },
    {
      needs: { callers: true },
      readFile: (path) => (path === '/sluice.yaml' ? FILE : assert.fail(`${path} was read`)),
    },
  );
  return openFakeIntake({}, { config });
}

test('each connection is stored with its own linger, fill and bound; what its tenant’s credential names is not looked at', async () => {
  const { post, store } = open();
  for (const connection of ['quick', 'plain', 'slow']) {
    assert.equal((await post(`/v1/connections/${connection}/items/a1/activities`, VALID)).status, 202);
  }
  assert.deepEqual(
    store.pieces.map(({ connectionId, lingerMs, entriesMax, pendingMax }) => [
      connectionId,
      lingerMs,
      entriesMax,
      pendingMax,
    ]),
    [
      ['quick', 0, 5, 7],
      ['plain', 300, 20, 5_000_000],
      ['slow', 9000, 20, 5_000_000],
    ],
  );
});

test('a name that no tenant has is 404 before the body is looked at, and nothing is stored', async () => {
  const { post, store } = open();
  for (const connection of ['hr1', 'PLAIN', 'constructor']) {
    const { status, body } = await post(`/v1/connections/${connection}/activities`, 'not json');
    assert.deepEqual([status, body.code], [404, 'connection_not_found']);
  }
  assert.equal(store.pieces.length, 0);
});
