import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTenantGates } from './tenant-gates.ts';

const START_MS = 1_800_000_000_000;
const LIMITS = { rate: 10, window: 'bucket', burst: 2, accrueThrottled: false } as const;

test('each tenant has a quota of its own, and a refused call is told when to come back', () => {
  const gates = createTenantGates();
  const asked = ['a', 'a', 'a', 'b', 'b', 'b'].map((tenant) => gates.enter(tenant, LIMITS, START_MS));
  assert.deepEqual(asked, [0, 0, 100, 0, 0, 100]);
  assert.equal(gates.enter('a', LIMITS, START_MS + 100), 0);
});

test('a limit that is changed under way gives no free burst; a reset forgets it', () => {
  const gates = createTenantGates();
  for (let n = 0; n < 2; n++) gates.enter('a', LIMITS, START_MS);
  assert.ok(gates.enter('a', { ...LIMITS, rate: 20 }, START_MS) > 0);
  gates.clear();
  assert.equal(gates.enter('a', LIMITS, START_MS), 0);
});
