/* Prefer: wait=N of a request (RFC 7240). What it does not understand it passes over, as the RFC wants. */

/** Longer is not waited for, whatever is asked. */
export const WAIT_S_MAX = 30;

const WAIT = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i;

/** Seconds, at most WAIT_S_MAX; null: the caller does not ask. The first one counts. */
export function readPreferWait(header: string | string[] | undefined): number | null {
  if (header === undefined) return null;
  for (const preference of String(header).split(',')) {
    const seconds = WAIT.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), WAIT_S_MAX);
  }
  return null;
}
