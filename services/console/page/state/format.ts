/* Numbers and times as people read them. */
import { forSeconds } from '../../src/words/state-words.ts';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export const NONE = '–';

export function whole(n: number): string {
  return WHOLE.format(n);
}

export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return NONE;
  return perSecond >= 100 ? WHOLE.format(perSecond) : TENTHS.format(perSecond);
}

export function since(instant: string | null, nowMs: number): string {
  return instant === null ? NONE : forSeconds(Math.max(0, nowMs - Date.parse(instant)));
}

export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}

export function fullTime(instant: string | null): string {
  if (instant === null) return NONE;
  const date = new Date(instant);
  return `${date.toLocaleDateString('en-CA')} ${date.toLocaleTimeString('en-GB')}`;
}
