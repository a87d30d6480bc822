import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ActivityStore, type Learning, openBucket } from '@sluice/core';
import { learnOnce } from './learn.ts';

const NOW_MS = 1_750_000_000_000;
const QUOTA = { rateInitial: 20, rateMax: 20, probeBudget: 0.006, share: 1 };
const bucket = { ...openBucket(50_000, NOW_MS - 1250), version: 3, granted: 25, accepted: 25 };

function scene({ known = true } = {}) {
  const written: { owner: string; version: number; learning: Learning }[] = [];
  const write = (kind: string) => async (id: string, version: number, learning: Learning) => {
    written.push({ owner: `${kind} ${id}`, version, learning });
    return true;
  };
  const store = { learn: write('connection'), learnTenant: write('tenant') } as unknown as ActivityStore;
  const settings = { quota: QUOTA, tenantId: 'contoso', tenantQuota: QUOTA };
  return { written, learn: learnOnce(store, () => (known ? settings : null)) };
}

test('what take or settle hands out is learned, of the connection and of its tenant, each under its version', async () => {
  const { written, learn } = scene();
  await learn('hr', { learn: bucket, learnTenant: { ...bucket, version: 9 }, nowMs: NOW_MS });
  assert.deepEqual(
    written.map(({ owner, version }) => [owner, version]),
    [
      ['connection hr', 3],
      ['tenant contoso', 9],
    ],
  );
  // The configured maximum is one of each connection: the tenant climbs above it.
  assert.deepEqual(
    written.map(({ learning }) => learning.intervalUs),
    [50_000, 33_333],
  );
});

test('nothing to learn, or a connection of no tenant: nothing is written', async () => {
  const idle = scene();
  await idle.learn('hr', { learn: null, learnTenant: null, nowMs: NOW_MS });
  const unknown = scene({ known: false });
  await unknown.learn('hr', { learn: bucket, learnTenant: bucket, nowMs: NOW_MS });
  assert.deepEqual([idle.written, unknown.written], [[], []]);
});

test('of several calls that saw the same bucket of a tenant one learns', async () => {
  const { written, learn } = scene();
  const handedOut = { learn: null, learnTenant: bucket, nowMs: NOW_MS };
  await Promise.all([learn('hr', handedOut), learn('tickets', handedOut)]);
  assert.equal(written.length, 1);
});
