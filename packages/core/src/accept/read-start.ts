/* startDateTime, quickly: the two forms that nearly every caller sends are read without a regular expression. */
import { daysFromCivil, daysInMonth, type InstantProblem, parseInstant } from '../activity/instant.ts';

const ZERO = 0x30;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;
const T = 0x54;
const Z = 0x5a;
const DAY_MS = 86_400_000;

/** The same as parseInstant for every text. */
export function readStart(text: string): number | InstantProblem {
  const ms = text.length === 20 || text.length === 24 ? readUtc(text) : NaN;
  return Number.isNaN(ms) ? parseInstant(text) : ms;
}

/** `YYYY-MM-DDTHH:mm:ssZ` or `YYYY-MM-DDTHH:mm:ss.sssZ`; NaN for everything else, valid or not. */
function readUtc(text: string): number {
  const short = text.length === 20;
  if (
    text.charCodeAt(4) !== HYPHEN ||
    text.charCodeAt(7) !== HYPHEN ||
    text.charCodeAt(10) !== T ||
    text.charCodeAt(13) !== COLON ||
    text.charCodeAt(16) !== COLON ||
    text.charCodeAt(text.length - 1) !== Z ||
    !(short || text.charCodeAt(19) === DOT)
  ) {
    return NaN;
  }
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const milliseconds = short ? 0 : digit(text, 20) * 100 + twoDigits(text, 21);
  // Written so that NaN, which is what a character that is no digit became, is refused as well.
  const real =
    year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) && hour <= 23 && minute <= 59;
  if (!(real && second <= 59)) return NaN;
  return daysFromCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - ZERO;
  return value >= 0 && value <= 9 ? value : NaN;
}
