/*
  The awake clock of a connection: time in which it could have called. It stands still while the connection is paused,
  held, closed or its breaker open. No change of these makes it jump; a closure within a pause or a block may count twice,
  which sets it back and so errs on the side of one more retry.
*/
import type { Bucket } from '@sluice/core';
import type { Connection, Now } from './state.ts';

export function awakeMs({ stillMs, pausedSinceMs, block, bucket }: Connection, now: Now): number {
  const since = Math.min(pausedSinceMs ?? now.ms, block?.sinceMs ?? now.ms);
  // A closure was taken off as a whole when it was made: what is left of it has not been slept yet.
  const closedMs = Math.max(0, (bucket?.closedUntilMs ?? 0) - now.ms);
  return since - stillMs + closedMs;
}

/** Changes what the clock depends on without changing what it reads now. */
export function keepAwakeMs(connection: Connection, now: Now, change: () => void): void {
  const before = awakeMs(connection, now);
  change();
  connection.stillMs += awakeMs(connection, now) - before;
}

export function replaceBucket(connection: Connection, bucket: Bucket, now: Now): void {
  keepAwakeMs(connection, now, () => {
    connection.bucket = bucket;
  });
}
