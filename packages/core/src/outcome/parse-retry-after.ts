/*
  outcome: how long Graph asks us to stay away. Seconds, also with decimals (seen: 0.124 to 315), or an HTTP date; a date is
  measured against the response's own Date, because our clock may be wrong. What cannot be believed is null, and the caller
  backs off by itself. Written without a clock: RFC 9110 section 5.6.7 gives the three forms of a date.
*/
import { formatInstant, parseInstant } from '../activity/instant.ts';
import { CLOSE_MS_MAX } from '../limits.ts';

export interface RetryAfterContext {
  /** The response's Date header; null or unreadable: nowMs stands in for it. */
  readonly date: string | null;
  readonly nowMs: number;
}

/** Milliseconds from now, rounded up, at most CLOSE_MS_MAX; null when absent, negative, past or no time at all. */
export function parseRetryAfter(text: string | null, { date, nowMs }: RetryAfterContext): number | null {
  const value = text?.trim() ?? '';
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value) * 1000), CLOSE_MS_MAX);
  const until = parseHttpDate(value, nowMs);
  if (until === null) return null;
  const answeredMs = (date === null ? null : parseHttpDate(date.trim(), nowMs)) ?? nowMs;
  return until < answeredMs ? null : Math.min(until - answeredMs, CLOSE_MS_MAX);
}

const SECONDS = /^\d{1,15}(?:\.\d{0,9})?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

function parseHttpDate(text: string, nowMs: number): number | null {
  const fixed = IMF_FIXDATE.exec(text);
  if (fixed !== null) return instantOf(fixed[3]!, fixed[2]!, fixed[1]!, fixed[4]!);
  const old = RFC_850.exec(text);
  if (old !== null) return instantOf(fullYear(Number(old[3]), nowMs), old[2]!, old[1]!, old[4]!);
  const unix = ASCTIME.exec(text);
  if (unix !== null) return instantOf(unix[4]!, unix[1]!, unix[2]!.replace(' ', '0'), unix[3]!);
  return null;
}

function instantOf(year: string, monthName: string, day: string, clock: string): number | null {
  const month = String(MONTHS.indexOf(monthName) + 1).padStart(2, '0');
  const instant = parseInstant(`${year}-${month}-${day}T${clock}Z`);
  return typeof instant === 'number' ? instant : null;
}

/** RFC 9110: a two-digit year more than 50 years in the future is one of the past. */
function fullYear(twoDigits: number, nowMs: number): string {
  const now = Number(formatInstant(nowMs).slice(0, 4));
  const year = now - (now % 100) + twoDigits;
  return String(year > now + 50 ? year - 100 : year).padStart(4, '0');
}
