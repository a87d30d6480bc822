/* Keys given in memory: what tests of other rooms ask with. */
import type { Access, StoredKey } from '@sluice/core';
import { hashKey } from './hash-key.ts';
import { makeKeyRing } from './key-ring.ts';
import { identifyWith } from './open-access.ts';

export type GivenKey = Pick<StoredKey, 'name' | 'scopes' | 'connections'> & Partial<StoredKey>;

/** A key text whose id is made of the number. */
export function testKey(n: number): string {
  return `slu_${String(n).padStart(12, '0')}_${'s'.repeat(43)}`;
}

/** The nth key has the text testKey(n). */
export function fixedAccess(keys: readonly GivenKey[]): Access {
  const stored = keys.map((key, n) => ({
    id: testKey(n).slice(4, 16),
    sha256: hashKey(testKey(n)),
    requestsPerSecond: null,
    activitiesPerSecond: null,
    receipts: true,
    createdAt: null,
    ...key,
  }));
  const ring = makeKeyRing(stored);
  return {
    required: true,
    identify: (presented) => identifyWith(presented, { ring: () => ring, verify: null, audience: null }),
    callerOfKey: ring.callerOf,
    describe: () => `${ring.size} keys`,
    close: () => {},
  };
}
