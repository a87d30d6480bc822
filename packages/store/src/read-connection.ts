/* What the script says of a connection, as people see it. */
import type { ConnectionView } from '@sluice/core';
import { BUCKET_FIELDS, bucketOfValues } from './read-bucket.ts';

/** Counters that are numbers under their own name; the script needs the first three itself. */
const COUNTS = [
  'pending',
  'dead',
  'parked',
  'delayed',
  'appended',
  'duplicates',
  'delivered',
  'retried',
  'replayed',
  'discardedPending',
  'discardedDead',
  'discardedParked',
  'expired',
  'erasedPending',
  'erasedDead',
  'erasedParked',
  'unknown',
  'calls',
  'callEntries',
  'staleSettles',
] as const;
const OTHERS = ['paused', 'block', 'reason', 'blockedSince', 'inFlight'] as const;
const FIELDS = [...COUNTS, ...OTHERS];

/** What the script is to read of a connection and of its bucket, in this order. */
export const VIEW_FIELDS = [FIELDS.join(' '), BUCKET_FIELDS.join(' ')] as const;

export type ConnectionReply = readonly [
  counters: readonly (string | null)[],
  bucket: readonly (string | null)[],
  oldestMs: string,
  leased: number,
  deadLetters: number,
  parked: number,
  leases: number,
];

/** Null: it never had an entry. */
export function readConnection(connectionId: string, nowMs: number, reply: ConnectionReply): ConnectionView | null {
  const [counters, bucketValues, oldestMs, leased, deadLetters, parkedEntries, leases] = reply;
  const text = (field: (typeof FIELDS)[number]) => counters[FIELDS.indexOf(field)] ?? null;
  if (text('appended') === null) return null;
  const counts = Object.fromEntries(COUNTS.map((field, n) => [field, Number(counters[n] ?? 0)]));
  const bucket = bucketOfValues(bucketValues);
  const [blockedSince, inFlight] = [text('blockedSince'), text('inFlight')];
  return {
    ...(counts as Pick<ConnectionView, (typeof COUNTS)[number]>),
    connectionId,
    nowMs,
    leased,
    leases,
    oldestAcceptedMs: oldestMs === '0' ? null : Number(oldestMs),
    deadLetters,
    parkedEntries,
    state: stateOf({
      paused: text('paused') !== null,
      block: text('block'),
      closed: bucket !== null && bucket.closedUntilMs > nowMs,
      pending: counts['pending']!,
    }),
    reason: text('reason'),
    blockedSinceMs: blockedSince === null ? null : Number(blockedSince),
    bucket,
    inFlightLimit: inFlight === null ? null : Math.floor(Number(inFlight) / 1_000_000),
  };
}

interface StateFacts {
  readonly paused: boolean;
  readonly block: string | null;
  readonly closed: boolean;
  readonly pending: number;
}

function stateOf({ paused, block, closed, pending }: StateFacts): ConnectionView['state'] {
  if (paused) return 'paused';
  if (block === 'held' || block === 'breaker') return block;
  if (closed) return 'closed';
  return pending > 0 ? 'flowing' : 'idle';
}

export function pairs(fields: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) map.set(fields[i]!, fields[i + 1]!);
  return map;
}
