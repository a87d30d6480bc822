/* Turns a change of a file in a commit into an activity of the commit's author on that file. Pure: the same history, the same activities. */
import { createHash } from 'node:crypto';
import { formatInstant, INSTANT_MS_MAX, INSTANT_MS_MIN } from '@sluice/core';
import type { GitChange } from './parse-git-log.ts';

/** An activity as the intake takes it in bulk. */
export interface OutgoingActivity {
  readonly itemId: string;
  readonly id: string;
  readonly type: 'created' | 'modified';
  readonly startDateTime: string;
  readonly performedBy: { readonly type: 'user'; readonly id: string };
}

const CONNECTION_CHARS_MAX = 32;
const SLUG_CHARS_MAX = 90;
const HASH_CHARS = 20;
/** RFC 9562, appendix: the namespace of names that are URLs; an address is named by its mailto URL. */
const NAMESPACE_URL = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/** null: a deletion, after which there is no item to act on. */
export function makeGitActivity(change: GitChange): OutgoingActivity | null {
  if (change.status === 'D') return null;
  const pathHash = sha(change.path, HASH_CHARS);
  return {
    itemId: makeItemId(change.path, pathHash),
    id: `${change.commit}-${pathHash}`,
    type: change.status === 'A' ? 'created' : 'modified',
    startDateTime: formatInstant(clampInstant(change.authorSeconds * 1000)),
    performedBy: { type: 'user', id: makePerformerId(change.email) },
  };
}

/** `git` and what the repository's name has of letters and digits, within Graph's rule. */
export function makeConnectionId(repositoryName: string): string {
  const name = repositoryName.replace(/\.git$/, '').replace(/[^A-Za-z0-9]/g, '');
  return `git${name}`.slice(0, CONNECTION_CHARS_MAX);
}

/** Readable, and unique by the hash of the path's bytes: two paths that read alike are two items. */
function makeItemId(path: Buffer, pathHash: string): string {
  const slug = path
    .toString('utf8')
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-SLUG_CHARS_MAX);
  return slug === '' ? pathHash : `${slug}-${pathHash}`;
}

/** A GUID that is always the same for an address (UUID version 5, RFC 9562). */
export function makePerformerId(email: string): string {
  const bytes = createHash('sha1').update(NAMESPACE_URL).update(`mailto:${email.trim().toLowerCase()}`).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** git stores what an author's clock said, and some said nonsense. */
function clampInstant(ms: number): number {
  if (Number.isNaN(ms)) return 0;
  return Math.min(INSTANT_MS_MAX, Math.max(INSTANT_MS_MIN, ms));
}

function sha(bytes: Buffer, chars: number): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, chars);
}
