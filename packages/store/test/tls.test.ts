/* Certificates that are replaced while connections are opened: what fails meanwhile is tried again, and ends no process. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateOfRedis, eventually, makeCertificate, startRedis } from '@sluice/testing';
import { openRedisStore } from '../src/index.ts';

test('a certificate whose key is not replaced yet, and files that are gone for a moment, fail a connection and not the client', async (t) => {
  const redis = await startRedis({ tls: 'mutual' });
  t.after(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), 'sluice-store-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const right = certificateOfRedis();
  await writeFile(certFile, right.certificatePem);
  await writeFile(keyFile, makeCertificate().privateKeyPem);
  const failures: string[] = [];
  const store = openRedisStore({
    url: redis.url,
    tls: { caFile: redis.tls!.certFile, certificate: { certFile, keyFile } },
    role: 'worker',
    onError: (error) => failures.push(error.message),
  });
  t.after(() => store.close());
  await eventually(() => failures.filter((text) => text.includes('key values mismatch')).length >= 2, {
    withinMs: 30_000,
    what: 'the pair that does not fit is tried again',
  });
  await writeFile(keyFile, right.privateKeyPem);
  await store.ping();
  await rm(certFile);
  store.redis.disconnect(true);
  await store.ping();
  assert.equal(store.redis.status, 'ready', 'with what the file held before');
});
