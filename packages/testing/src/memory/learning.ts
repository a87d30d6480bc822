/* quota: what is handed to the controller, and what comes back from it. */
import { applyLearning, type Bucket, type Learning, wantsLearning } from '@sluice/core';
import { replaceBucket } from './awake-clock.ts';
import type { Connection, Now } from './state.ts';

/** What take and settle carry, as the bucket stands after them. */
export function bucketToLearn({ bucket }: Connection, now: Now): Bucket | null {
  return bucket !== null && wantsLearning(bucket, now.ms) ? bucket : null;
}

export interface Learned {
  readonly version: number;
  readonly learning: Learning;
}

export function learn(connection: Connection, { version, learning }: Learned, now: Now): boolean {
  const learned = connection.bucket === null ? null : applyLearning(connection.bucket, version, learning, now.ms);
  if (learned !== null) replaceBucket(connection, learned, now);
  return learned !== null;
}
