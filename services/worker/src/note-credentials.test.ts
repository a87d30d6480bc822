import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '@sluice/config';
import { makeCertificate } from '@sluice/testing';
import { noteOnce } from './note-credentials.ts';

const GUID = '11111111-2222-4333-8444-555555555555';

test('of a certificate its end is noted, of a secret what the operator said, of an identity nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-expiry-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'certificate.pem'), makeCertificate().pem);
  await writeFile(join(folder, 'secret'), 'a secret of this test');
  const app = { tenantId: GUID, clientId: GUID };
  const tenants = {
    certified: { ...app, certificatePath: 'certificate.pem', connections: { one: {} } },
    secretive: { ...app, clientSecretFile: 'secret', clientSecretExpires: '2027-01-31', connections: { two: {} } },
    silent: { ...app, clientSecretFile: 'secret', connections: { three: {} } },
    machine: { managedIdentity: 'system', connections: { four: {} } },
  };
  const path = join(folder, 'sluice.yaml');
  await writeFile(path, JSON.stringify({ tenants }));
  const { config } = loadConfig({ SLUICE_CONFIG: path }, { needs: { graph: true } });
  const noted = new Map<string, number | null>();
  const store = { noteCredential: async (tenant: string, ms: number | null) => void noted.set(tenant, ms) };
  await noteOnce({ tenants: config.tenants, store });
  assert.deepEqual(
    noted,
    new Map<string, number | null>([
      ['certified', Date.UTC(2049, 11, 31, 23, 59, 59)],
      ['secretive', Date.UTC(2027, 0, 31)],
      ['silent', null],
      ['machine', null],
    ]),
  );
});
