/* When a request that was not answered well is sent again. */

/** Seconds, decimals too, or an HTTP date; 0 when there is none or it cannot be read. */
export function parseRetryAfter(value: string | null, wallMs: number): number {
  if (value === null) return 0;
  const text = value.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - wallMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

export interface Backoff {
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly random: () => number;
}

/** Full jitter, and on top of Retry-After: many clients that were sent away together do not come back together. */
export function retryDelayMs(
  { tries, retryAfterMs }: { tries: number; retryAfterMs: number },
  backoff: Backoff,
): number {
  const { retryBaseMs, retryCapMs, random } = backoff;
  return retryAfterMs + random() * Math.min(retryCapMs, retryBaseMs * 2 ** Math.min(tries - 1, 30));
}
