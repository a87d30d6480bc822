/*
  The bucket: what stands between a connection and Graph's unpublished limit. One per connection, in Redis.

  Two halves. The *charge* (may a call be made now? spend a token; close on a 429) happens inside the scripts take and settle,
  which do exactly what grantCall, countAccepted and countRefused below say; a randomised test compares them. The *learning*
  (which rate?) is learnQuota in learn-quota.ts: a worker runs it when take or settle hand it something to learn, and writes
  the result back under the bucket's version, so that of several workers exactly one is believed.
*/

export interface Bucket {
  /** Raised by each applied learning; a learning for another version is refused. */
  readonly version: number;
  /** The controller's own state, opaque to scripts. Empty: nothing was learned yet. */
  readonly memory: string;
  /** Microseconds between two calls at the rate in force. */
  readonly intervalUs: number;
  /** How late a call may be and still be made up for, microseconds. */
  readonly latenessUs: number;
  /** Theoretical arrival time of the next call (GCRA), microseconds since 1970. */
  readonly tatUs: number;
  /** No call before this, milliseconds since 1970; 0 = open. */
  readonly closedUntilMs: number;
  /** Raised by each closure. A call carries the epoch it was granted in, so that late 429s of one event are one event. */
  readonly epoch: number;
  /** Closures in a row without an accepted call of the newest epoch in between. */
  readonly refusedInARow: number;
  /** The window that the next learning looks at: counted from sinceMs, reset by a learning. */
  readonly sinceMs: number;
  readonly granted: number;
  /** Calls of this epoch that Graph answered without throttling. */
  readonly accepted: number;
  /** Time in which a call could have gone but nobody asked: the rate was not tested in it. */
  readonly idleUs: number;
  /** The closure that has not been learned from yet. */
  readonly refusal: Refusal | null;
  /** When the controller wants to be asked again, milliseconds since 1970; 0 = at the next call. */
  readonly learnAtMs: number;
}

export interface Refusal {
  readonly atMs: number;
  /** What was waited for: the Retry-After, or the backoff in its place. */
  readonly retryAfterMs: number;
}

/**
 * How late a call may be and still be made up for, unless the controller says more. More would be a burst: two calls of which the second makes up for the first
 * are that much closer together, which a sliding window counts for a second. Of 2 to 40 ms, 8 used windows best on a quiet
 * machine (1.5 points more than 20) and lost nothing elsewhere; below 5, timers that are always a little late cost calls.
 */
export const LATENESS_US = 8_000;

export function openBucket(intervalUs: number, nowMs: number): Bucket {
  const none = {
    version: 0,
    memory: '',
    tatUs: 0,
    closedUntilMs: 0,
    epoch: 0,
    refusedInARow: 0,
    granted: 0,
    accepted: 0,
    idleUs: 0,
  };
  return { ...none, intervalUs, latenessUs: LATENESS_US, sinceMs: nowMs, refusal: null, learnAtMs: 0 };
}

/** When the next call may go, microseconds since 1970; not later than nowUs = now. */
export function nextGrantUs(bucket: Bucket): number {
  return Math.max(bucket.tatUs, bucket.closedUntilMs * 1000);
}

/** Spends a token. Only to be called when nextGrantUs is not in the future and an item was found. */
export function grantCall(bucket: Bucket, nowUs: number): Bucket {
  const earliest = nowUs - bucket.latenessUs;
  const idle = Math.max(0, earliest - Math.max(bucket.tatUs, bucket.sinceMs * 1000));
  return {
    ...bucket,
    tatUs: Math.max(bucket.tatUs, earliest) + bucket.intervalUs,
    granted: bucket.granted + 1,
    idleUs: bucket.idleUs + idle,
  };
}

/** A call of `epoch` was answered, and not with a throttle. */
export function countAccepted(bucket: Bucket, epoch: number): Bucket {
  return epoch === bucket.epoch ? { ...bucket, accepted: bucket.accepted + 1, refusedInARow: 0 } : bucket;
}

/** A call of `epoch` was throttled. The first of its epoch closes and is to be learned from; later ones only prolong. */
export function countRefused(bucket: Bucket, epoch: number, nowMs: number, retryAfterMs: number): Bucket {
  const closedUntilMs = Math.max(bucket.closedUntilMs, nowMs + retryAfterMs);
  if (epoch !== bucket.epoch) return { ...bucket, closedUntilMs };
  return {
    ...bucket,
    closedUntilMs,
    epoch: bucket.epoch + 1,
    refusedInARow: bucket.refusedInARow + 1,
    refusal: bucket.refusal ?? { atMs: nowMs, retryAfterMs },
  };
}

/** Of a window, so much must have been spent in calls for its rate to be in use, hundredths. */
const USED_HUNDREDTHS = 85;

/** Whether calls went as fast as this bucket lets them, and not slower for another reason. Whole numbers, so that every store decides alike. */
export function isRateUsed({ granted, intervalUs, sinceMs }: Bucket, nowMs: number): boolean {
  return granted >= 2 && granted * intervalUs * 100 >= USED_HUNDREDTHS * (nowMs - sinceMs) * 1000;
}

/** Is there something for the controller? Take and settle hand the bucket to the worker when there is. */
export function wantsLearning(bucket: Bucket, nowMs: number): boolean {
  return bucket.refusal !== null || nowMs >= bucket.learnAtMs;
}

/** What the controller decided, ready to be written. */
export interface Learning {
  readonly memory: string;
  readonly intervalUs: number;
  /** Absent: LATENESS_US. */
  readonly latenessUs?: number;
  readonly learnAtMs: number;
  /** Prolongs the closure when in the future; never shortens it. */
  readonly closedUntilMs: number;
}

/** Applies a learning made for `version`; null when another worker was first. */
export function applyLearning(bucket: Bucket, version: number, learning: Learning, nowMs: number): Bucket | null {
  if (version !== bucket.version) return null;
  const closedUntilMs = Math.max(bucket.closedUntilMs, learning.closedUntilMs);
  return {
    ...bucket,
    version: bucket.version + 1,
    memory: learning.memory,
    intervalUs: learning.intervalUs,
    latenessUs: learning.latenessUs ?? LATENESS_US,
    learnAtMs: learning.learnAtMs,
    closedUntilMs,
    tatUs: Math.max(bucket.tatUs, closedUntilMs * 1000),
    sinceMs: Math.max(nowMs, closedUntilMs),
    granted: 0,
    accepted: 0,
    idleUs: 0,
    refusal: null,
  };
}
