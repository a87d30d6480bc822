/*
  batch: how many retries come back to their items at a take. While calls fail (5xx, reset, timeout), to send again what
  failed would keep a Graph that has too much to do busy with nothing else: then at most one retry comes back for five calls,
  and the rest waits behind what was never tried. When nothing else is ready, one a second does. The take script does
  exactly this; a randomised test compares them. Throttles and errors of single entries are no failures.
*/

export interface RetryShare {
  /** One for each call, five for a retry that comes back; so many of them are saved up at most that a storm begins with few. */
  readonly credit: number;
  /** When one came back last because nothing else was ready, milliseconds since 1970; 0 = never. */
  readonly trickledAtMs: number;
}

export const RETRY_SHARE_UNUSED: RetryShare = { credit: 0, trickledAtMs: 0 };

/** Retry groups that come back at one take, however many are due. */
export const RETURNS_MAX = 4;
const CREDIT_OF_RETRY = 5;
const CREDIT_MAX = 20;
/** After a failed call Graph counts as failing for so long. */
const FAILING_MS = 10_000;
const TRICKLE_MS = 1000;

export function isFailing(loweredAtMs: number, nowMs: number): boolean {
  return nowMs - loweredAtMs < FAILING_MS;
}

/** How many due groups may come back now, while calls fail. */
export function returnsMaxOf({ credit }: RetryShare): number {
  return Math.min(RETURNS_MAX, Math.floor(credit / CREDIT_OF_RETRY));
}

export function spendReturns(share: RetryShare, returned: number): RetryShare {
  return { ...share, credit: share.credit - returned * CREDIT_OF_RETRY };
}

/** A call was granted, failing or not. */
export function earnReturn(share: RetryShare): RetryShare {
  return { ...share, credit: Math.min(CREDIT_MAX, share.credit + 1) };
}

/** Nothing else is ready: may one come back though there is no credit for it? */
export function mayTrickle({ trickledAtMs }: RetryShare, nowMs: number): boolean {
  return nowMs - trickledAtMs >= TRICKLE_MS;
}

/** When a due retry that was kept back may come back without credit. */
export function trickleAtMs({ trickledAtMs }: RetryShare, loweredAtMs: number): number {
  return Math.min(trickledAtMs + TRICKLE_MS, loweredAtMs + FAILING_MS);
}
