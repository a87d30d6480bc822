import type { ConnectionView } from '@sluice/core';
import { bucketOf } from './read-bucket.ts';

type Reply = readonly [
  nowMs: number,
  meta: readonly string[],
  bucket: readonly string[],
  oldestMs: string,
  leased: number,
  deadLetters: number,
  parked: number,
  leases: number,
];

export function readConnection(connectionId: string, reply: unknown): ConnectionView | null {
  const [nowMs, metaFields, bucketFields, oldestMs, leased, deadLetters, parkedEntries, leases] = reply as Reply;
  const meta = pairs(metaFields);
  if (!meta.has('appended')) return null;
  const count = (field: string) => Number(meta.get(field) ?? 0);
  const bucket = bucketFields.length === 0 ? null : bucketOf(pairs(bucketFields));
  return {
    connectionId,
    nowMs,
    pending: count('pending'),
    leased,
    leases,
    delayed: count('delayed'),
    oldestAcceptedMs: oldestMs === '0' ? null : Number(oldestMs),
    appended: count('appended'),
    duplicates: count('duplicates'),
    delivered: count('delivered'),
    retried: count('retried'),
    dead: count('dead'),
    parked: count('parked'),
    replayed: count('replayed'),
    discardedDead: count('discardedDead'),
    discardedParked: count('discardedParked'),
    expired: count('expired'),
    erasedPending: count('erasedPending'),
    erasedDead: count('erasedDead'),
    erasedParked: count('erasedParked'),
    unknown: count('unknown'),
    calls: count('calls'),
    callEntries: count('callEntries'),
    staleSettles: count('staleSettles'),
    deadLetters,
    parkedEntries,
    state: stateOf(meta, count('pending'), bucket !== null && bucket.closedUntilMs > nowMs),
    reason: meta.get('reason') ?? null,
    blockedSinceMs: meta.has('blockedSince') ? count('blockedSince') : null,
    bucket,
    inFlightLimit: meta.has('inFlight') ? Math.floor(count('inFlight') / 1_000_000) : null,
  };
}

function stateOf(meta: ReadonlyMap<string, string>, pending: number, closed: boolean): ConnectionView['state'] {
  if (meta.has('paused')) return 'paused';
  const block = meta.get('block');
  if (block === 'held' || block === 'breaker') return block;
  if (closed) return 'closed';
  return pending > 0 ? 'flowing' : 'idle';
}

export function pairs(fields: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) map.set(fields[i]!, fields[i + 1]!);
  return map;
}
