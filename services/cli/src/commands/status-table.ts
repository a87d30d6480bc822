/* The connections as a table for people: what is stuck first, then by backlog; and what is wrong in sentences. */
import { formatTable } from './format-table.ts';

export interface ConnectionStatus {
  readonly connectionId: string;
  readonly state: string;
  readonly urgency?: string;
  /** The state in words, and what to do about it; null: nothing. */
  readonly stateText?: string;
  readonly remedy?: string | null;
  /** Since when it is held, paused or its breaker open. */
  readonly blockedSince?: string | null;
  /** When a call was last seen to begin. */
  readonly lastCallSeenAt?: string | null;
  /** What Graph or its sign-in said. */
  readonly reason?: string | null;
  readonly pending: number;
  readonly oldestPendingAt: string | null;
  readonly rates: { readonly appendedPerSecond: number; readonly deliveredPerSecond: number } | null;
  readonly quota: { readonly callsPerSecond: number } | null;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly timeToDrain: string;
}

const HEAD = [
  'CONNECTION',
  'STATE',
  'PENDING',
  'OLDEST',
  'IN/S',
  'OUT/S',
  'QUOTA',
  'DEAD',
  'PARKED',
  'EMPTY',
  'IN WORDS',
];
const NUMBERS = ['PENDING', 'OLDEST', 'IN/S', 'OUT/S', 'QUOTA', 'DEAD', 'PARKED', 'EMPTY'];
const URGENCIES = ['stuck', 'behind', 'waiting', 'flowing', 'idle'];
/** Nobody has waited for long: what comes in bursts goes a little later. */
const YOUNG_MS = 10_000;
/** Of what comes, this part must go. */
const KEEPS_UP_SHARE = 0.9;
/** Columns that are of use to the sentence, beyond its title. */
const WORDS_MIN = 4;
/** Connections named in one sentence. */
const NAMED_MAX = 5;

/** The sentence comes last, and only where there is room for some of it: the page says it of what is stuck as well. */
export function tableOf(
  connections: readonly ConnectionStatus[],
  nowMs: number,
  columns = Number.POSITIVE_INFINITY,
): readonly string[] {
  const rows = inOrder(connections).map((one) => rowOf(one, nowMs));
  const whole = linesOf(HEAD, rows);
  if (whole[0]!.length + WORDS_MIN <= columns) return whole;
  return linesOf(
    HEAD.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
  );
}

function linesOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return formatTable(head, rows, NUMBERS).trimEnd().split('\n');
}

function inOrder(connections: readonly ConnectionStatus[]): readonly ConnectionStatus[] {
  const rank = ({ urgency = 'idle' }: ConnectionStatus) => URGENCIES.indexOf(urgency);
  return [...connections].sort((a, b) => rank(a) - rank(b) || b.pending - a.pending);
}

function rowOf(one: ConnectionStatus, nowMs: number): readonly string[] {
  return [
    one.connectionId,
    one.urgency === 'stuck' || one.urgency === 'behind' ? one.urgency : one.state,
    one.pending.toLocaleString('en'),
    one.oldestPendingAt === null ? '-' : ageOf(nowMs - Date.parse(one.oldestPendingAt)),
    rateOf(one.rates?.appendedPerSecond),
    rateOf(one.rates?.deliveredPerSecond),
    rateOf(one.quota?.callsPerSecond),
    one.deadLetters.toLocaleString('en'),
    one.parkedEntries.toLocaleString('en'),
    drainOf(one, nowMs),
    one.stateText ?? one.state,
  ];
}

/** With its tenths, so that a column does not jump. */
function rateOf(perSecond: number | undefined): string {
  if (perSecond === undefined) return '-';
  return perSecond === 0 || perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

/** Short: the sentence of the API is for where there is room. Who takes as much as comes is never empty, and well. */
function drainOf(one: ConnectionStatus, nowMs: number): string {
  const { timeToDrain, urgency } = one;
  if (timeToDrain.startsWith('not known')) return '-';
  if (!timeToDrain.startsWith('never')) return timeToDrain.replace('about ', '');
  if (urgency !== 'flowing') return 'never';
  return keepsUp(one, nowMs) ? 'keeps up' : 'grows';
}

/** As the page of the console says it. */
function keepsUp({ rates, oldestPendingAt }: ConnectionStatus, nowMs: number): boolean {
  if (oldestPendingAt === null || nowMs - Date.parse(oldestPendingAt) < YOUNG_MS) return true;
  return rates !== null && rates.deliveredPerSecond >= KEEPS_UP_SHARE * rates.appendedPerSecond;
}

function ageOf(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  return s < 172_800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86_400)} d`;
}

/** One cause that stops many connections is said once: who, what, what was said, what to do. */
export function troubleOf(connections: readonly ConnectionStatus[], nowMs: number): readonly string[] {
  const causes = new Map<string, ConnectionStatus[]>();
  for (const one of inOrder(connections)) {
    if (one.urgency !== 'stuck' && one.urgency !== 'behind') continue;
    const key = `${one.stateText}\n${one.remedy}`;
    causes.set(key, [...(causes.get(key) ?? []), one]);
  }
  return [...causes.values()].flatMap((cause) => {
    const { stateText, state, remedy, reason } = cause[0]!;
    const names = cause.slice(0, NAMED_MAX).map(({ connectionId }) => connectionId);
    const more = cause.length > NAMED_MAX ? ` and ${cause.length - NAMED_MAX} more` : '';
    const pending = cause.reduce((sum, one) => sum + one.pending, 0);
    const text = stateText ?? state;
    return [
      `${names.join(', ')}${more}: ${text}${sinceOf(cause, nowMs)}; ${pending.toLocaleString('en')} pending.`,
      ...(reason != null && !text.includes(reason) ? [`  It said: ${reason}`] : []),
      ...(remedy == null ? [] : [`  To do: ${remedy}${/resum|releas/i.test(remedy) ? resumeOf(names) : ''}`]),
    ];
  });
}

/** For how long the first of them is so; what no worker takes, since a call was last seen. */
function sinceOf(cause: readonly ConnectionStatus[], nowMs: number): string {
  const blocked = cause.map((one) => one.blockedSince ?? null).filter((since) => since !== null);
  if (blocked.length > 0) {
    const first = blocked.reduce((a, b) => (a < b ? a : b));
    return `, for ${ageOf(nowMs - Date.parse(first))}`;
  }
  const calls = cause.map((one) => one.lastCallSeenAt ?? null).filter((at) => at !== null);
  if (cause[0]!.urgency !== 'stuck' || calls.length === 0) return '';
  return `, no call for ${ageOf(nowMs - Date.parse(calls.reduce((a, b) => (a > b ? a : b))))}`;
}

function resumeOf(names: readonly string[]): string {
  return ` (sluice resume ${names.length === 1 ? names[0] : 'CONNECTION'})`;
}
