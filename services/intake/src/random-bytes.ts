/* Chance in small portions: one call of the system's generator for many of them. */
import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

/** Answers bytes that no other call is answered. */
export function createRandomBytes(): (count: number) => Uint8Array {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (count) => {
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += count;
    return pool.slice(used - count, used);
  };
}
