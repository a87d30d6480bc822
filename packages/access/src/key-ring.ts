/* The keys of the file in memory: finds whose key it is, without telling by its time how nearly right a wrong one was. */
import { timingSafeEqual } from 'node:crypto';
import { type Caller, keyIdOf, type StoredKey } from '@sluice/core';
import { hashKey } from './hash-key.ts';

export interface KeyRing {
  /** Null: this is none of our keys. */
  find(key: string): Caller | null;
  callerOf(keyId: string): Caller | null;
  readonly size: number;
}

interface Held {
  readonly digest: Buffer;
  readonly caller: Caller;
}

/** Of no key: compared when there is no key of that id, so that an unknown id takes as long as a known one. */
const NO_DIGEST = Buffer.alloc(32);

export function makeKeyRing(keys: readonly StoredKey[]): KeyRing {
  const held = new Map<string, Held>(
    keys.map((key) => [key.id, { digest: Buffer.from(key.sha256, 'hex'), caller: callerOf(key) }]),
  );
  return {
    find: (key) => {
      const found = held.get(keyIdOf(key) ?? '');
      const same = timingSafeEqual(Buffer.from(hashKey(key), 'hex'), found?.digest ?? NO_DIGEST);
      return same && found !== undefined ? found.caller : null;
    },
    callerOf: (keyId) => held.get(keyId)?.caller ?? null,
    size: held.size,
  };
}

function callerOf({
  id,
  name,
  scopes,
  connections,
  requestsPerSecond,
  activitiesPerSecond,
  receipts,
}: StoredKey): Caller {
  return {
    kind: 'key',
    id,
    name,
    scopes,
    connections: connections === '*' ? connections : new Set(connections),
    limits: { requestsPerSecond, activitiesPerSecond },
    receipts,
  };
}
