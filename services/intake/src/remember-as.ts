/*
  append: what the store remembers an activity by, so that the same one is not stored twice: a number that stands for
  connection, item and the caller's id, or (content) for connection, item and what was done.
*/
import { hash } from 'node:crypto';
import type { AcceptedActivity } from '@sluice/core';

export type RememberAs = (connectionId: string, accepted: AcceptedActivity) => string | null;

/**
 * 63 bits of SHA-256: Redis keeps a number below 2^63 in 8 bytes, not as text. Two different ids with the same number cost
 * the later one its activity: with 20,000,000 remembered, 2.2 of 10^12 new ones. Nobody can choose an id that
 * meets somebody else's: that takes 2^63 tries.
 */
export function numberOf(text: string): string {
  return (hash('sha256', text, 'buffer').readBigUInt64BE() >> 1n).toString();
}

/** Parts are joined by NUL, which none of them has. Ids and contents begin differently, so no id can stand for a content. */
export function rememberBy(mode: 'id' | 'content' | 'off'): RememberAs {
  return (connectionId, { itemId, id, activity }) => {
    if (mode === 'off') return null;
    if (id !== null) return numberOf(`id\0${connectionId}\0${itemId}\0${id}`);
    if (mode === 'id') return null;
    const { type, startMs, performedBy } = activity;
    return numberOf(`content\0${connectionId}\0${itemId}\0${type}\0${startMs}\0${performedBy.type}\0${performedBy.id}`);
  };
}
