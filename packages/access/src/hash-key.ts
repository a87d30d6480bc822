/* A key is kept as its SHA-256. It has 256 bits of chance, so nobody can try them all; a slow hash would only slow us. */
import { hash } from 'node:crypto';

export function hashKey(key: string): string {
  return hash('sha256', key, 'hex');
}
