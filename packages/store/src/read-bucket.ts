import { type Bucket, LATENESS_US } from '@sluice/core';

/** The order in which the scripts hand out a bucket. */
export const BUCKET_FIELDS = [
  'version',
  'memory',
  'interval',
  'tat',
  'closed',
  'epoch',
  'inARow',
  'since',
  'granted',
  'accepted',
  'idle',
  'refusedAt',
  'refusedAfter',
  'learnAt',
  'lateness',
];

/** A bucket as take and settle answer it; null for the empty list, which says that there is nothing to learn. */
export function readBucket(reply: unknown): Bucket | null {
  const values = reply as readonly (string | null)[];
  if (values.length === 0) return null;
  return bucketOf(new Map(BUCKET_FIELDS.map((field, i) => [field, values[i] ?? null])));
}

/** The values of its fields, as they lie in the hash; null: it has learned nothing yet. */
export function bucketOfValues(values: readonly (string | null)[]): Bucket | null {
  return values.every((value) => value === null) ? null : readBucket(values);
}

/** A bucket from the fields of its hash. */
export function bucketOf(fields: ReadonlyMap<string, string | null>): Bucket {
  const number = (field: string) => Number(fields.get(field) ?? 0);
  const refusedAt = fields.get('refusedAt') ?? null;
  return {
    version: number('version'),
    memory: fields.get('memory') ?? '',
    intervalUs: number('interval'),
    latenessUs: Number(fields.get('lateness') ?? LATENESS_US),
    tatUs: number('tat'),
    closedUntilMs: number('closed'),
    epoch: number('epoch'),
    refusedInARow: number('inARow'),
    sinceMs: number('since'),
    granted: number('granted'),
    accepted: number('accepted'),
    idleUs: number('idle'),
    refusal: refusedAt === null ? null : { atMs: Number(refusedAt), retryAfterMs: number('refusedAfter') },
    learnAtMs: number('learnAt'),
  };
}
