import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from './fixed-access.ts';
import { hashKey } from './hash-key.ts';
import { makeKeyRing } from './key-ring.ts';

const key = (n: number) => ({
  id: testKey(n).slice(4, 16),
  sha256: hashKey(testKey(n)),
  name: `client ${n}`,
  scopes: ['ingest'] as const,
  connections: ['hr1'],
  requestsPerSecond: 5,
  activitiesPerSecond: null,
  receipts: true,
  createdAt: null,
});

test('a key is found by its whole text and by nothing less', () => {
  const ring = makeKeyRing([key(1), key(2)]);
  assert.equal(ring.find(testKey(1))?.name, 'client 1');
  assert.equal(ring.find(testKey(2))?.limits.requestsPerSecond, 5);
  const wrong = [
    '',
    'x',
    testKey(3),
    testKey(1).slice(0, -1),
    `${testKey(1)}s`,
    ` ${testKey(1)}`,
    testKey(1).replace('slu_', 'SLU_'),
    `${testKey(1).slice(0, 16)}${testKey(2).slice(16, -1)}t`,
    hashKey(testKey(1)),
    '\u{1f511}'.repeat(20),
    'a'.repeat(100_000),
  ];
  for (const text of wrong) assert.equal(ring.find(text), null, text.slice(0, 80));
});

test('a caller has the connections and scopes of its key', () => {
  const caller = makeKeyRing([key(1)]).callerOf(testKey(1).slice(4, 16));
  assert.deepEqual([caller?.kind, caller?.scopes, caller?.connections], ['key', ['ingest'], new Set(['hr1'])]);
  assert.equal(makeKeyRing([]).callerOf(testKey(1).slice(4, 16)), null);
});

test('a token is told that keys are wanted, where only keys are taken', async () => {
  const identified = await fixedAccess([key(1)]).identify({ apiKey: null, bearer: 'eyJhbGciOiJub25lIn0.e30.' });
  assert.equal(identified.ok === false && identified.refusal.code, 'token_not_accepted');
});
