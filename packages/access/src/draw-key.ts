/* A new key, from the machine's own source of chance. */
import { randomInt } from 'node:crypto';
import { makeKey } from '@sluice/core';
import { hashKey } from './hash-key.ts';

export function drawKey(): { readonly id: string; readonly key: string; readonly sha256: string } {
  const { id, key } = makeKey((below) => randomInt(below));
  return { id, key, sha256: hashKey(key) };
}
