/* Numbers and times as people read them. */
import type { ShownConnection } from '../../src/words/shown.ts';
import { forSeconds, type StateWords } from '../../src/words/state-words.ts';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const STEADY = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Of what comes, this part must go: who takes less does not keep up, and waits longer and longer. */
const KEEPS_UP_SHARE = 0.9;
/** Nobody has waited for long: what comes in bursts goes a little later. */
const YOUNG_MS = 10_000;

export const NONE = '–';

export function whole(n: number): string {
  return WHOLE.format(n);
}

export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return NONE;
  return perSecond >= 100 ? WHOLE.format(perSecond) : TENTHS.format(perSecond);
}

/** Of what is measured anew each second: always with its tenths, so that a column does not jump. */
export function steadyRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined || perSecond === 0) return rate(perSecond);
  return perSecond >= 100 ? WHOLE.format(perSecond) : STEADY.format(perSecond);
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
export function drainWords(connection: ShownConnection, { urgency }: StateWords, nowMs: number): DrainWords {
  const { timeToDrain } = connection;
  const [first, ...rest] = timeToDrain.split(' ');
  if (first === 'never' && urgency === 'flowing') {
    return keepsUp(connection, nowMs)
      ? { brief: 'keeps up', note: 'as much goes as comes', hint: 'as much goes out as comes in' }
      : { brief: 'grows', note: 'more comes in than goes out', hint: 'never empty: more comes in than goes out' };
  }
  if (first === 'never') return { brief: first, note: rest.join(' '), hint: timeToDrain };
  if (first === 'not') return { brief: NONE, note: timeToDrain, hint: timeToDrain };
  return first === 'about'
    ? { brief: rest.join(' '), note: 'about, at this rate', hint: timeToDrain }
    : { brief: timeToDrain, note: null, hint: timeToDrain };
}

function keepsUp({ rates, oldestPendingAt }: ShownConnection, nowMs: number): boolean {
  if (oldestPendingAt === null || nowMs - Date.parse(oldestPendingAt) < YOUNG_MS) return true;
  return rates !== null && rates.deliveredPerSecond >= KEEPS_UP_SHARE * rates.appendedPerSecond;
}
