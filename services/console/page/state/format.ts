/* Numbers and times as people read them. */
import type { ShownConnection } from '../../src/words/shown.ts';
import { forSeconds, type StateWords } from '../../src/words/state-words.ts';

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

export interface DrainWords {
  readonly brief: string;
  readonly note: string | null;
  readonly hint: string;
}

/** When it will be empty. Whose backlog is young takes as much as comes: that it is never empty is no bad news. */
export function drainWords({ timeToDrain }: ShownConnection, { urgency }: StateWords): DrainWords {
  const [first, ...rest] = timeToDrain.split(' ');
  if (first === 'never' && urgency === 'flowing') {
    return { brief: 'keeps up', note: 'as much goes as comes', hint: 'as much goes out as comes in' };
  }
  if (first === 'never') return { brief: first, note: rest.join(' '), hint: timeToDrain };
  if (first === 'not') return { brief: NONE, note: timeToDrain, hint: timeToDrain };
  return first === 'about'
    ? { brief: rest.join(' '), note: 'about, at this rate', hint: timeToDrain }
    : { brief: timeToDrain, note: null, hint: timeToDrain };
}
