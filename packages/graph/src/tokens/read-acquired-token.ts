/* deliver: a token out of an answer that MSAL took for good. MSAL takes any answer without an OAuth error for a token, whatever its status. */
import type { TokenAnswer } from './token-exchange.ts';
import type { AcquiredToken } from './token-source.ts';

/** A token with many roles has a few KiB. */
export const TOKEN_ANSWER_BYTES_MAX = 256 * 1024;
/** What may stand in a header; anything else is no bearer token (RFC 6750). */
const TOKEN = /^[\x21-\x7e]{1,65536}$/;

export type AnsweredBody = Readonly<Record<string, unknown>>;

/** `lifetimeOf`: milliseconds, of the body of the answer and its Date. Null: there is no token that can be used. */
export function readAcquiredToken(
  value: string,
  seen: TokenAnswer | null,
  lifetimeOf: (body: AnsweredBody, date: string | null) => number,
): AcquiredToken | null {
  if (seen?.kind !== 'answered' || seen.status < 200 || seen.status > 299 || !TOKEN.test(value)) return null;
  const body = seen.body ?? {};
  const lifetimeMs = lifetimeOf(body, seen.date);
  const refreshInMs = Number(body['refresh_in']) * 1000;
  if (!(lifetimeMs > 0)) return null;
  const refresh = refreshInMs > 0 ? refreshInMs : null;
  return { value, lifetimeMs, refreshInMs: refresh, answeredAtMs: readDate(seen.date) };
}

/** A Date header; null: there was none that can be read. */
export function readDate(header: string | null): number | null {
  const ms = Date.parse(header ?? '');
  return Number.isNaN(ms) ? null : ms;
}
