/*
  outcome: which result belongs to which entry. A result carries no id and no order is promised, so it is matched by position
  only if every result echoes type and instant of the entry at its place, else by what is unique. Never by guessing: what is
  missing or ambiguous stays unknown; several results that say the same of one entry are not ambiguous, nor are as many
  results without an echo as entries are left, when all of them are successes. Instants are compared, not strings: `.033Z` may come back as `.0330000Z`.
*/
import { ACTIVITY_TYPES } from '../activity/activity.ts';
import { decodeEntry } from '../activity/entry.ts';
import { INSTANT_MS_MIN, parseInstant } from '../activity/instant.ts';

export const RESULT_MISSING = -1;
export const RESULT_AMBIGUOUS = -2;

/** For each entry the index of its result, or RESULT_MISSING, or RESULT_AMBIGUOUS. No result is given to two entries. */
export function matchResults(entries: readonly string[], results: readonly unknown[]): readonly number[] {
  if (agreesByIndex(entries, results)) return entries.map((_, index) => index);
  const matches = matchByPair(entries, results);
  matchEcholess(matches, results);
  return matches;
}

function agreesByIndex(entries: readonly string[], results: readonly unknown[]): boolean {
  if (entries.length !== results.length) return false;
  return entries.every((entry, index) => {
    const echo = readEcho(results[index]);
    return echo !== null && echo.type === typeOf(entry) && echo.startMs === startOf(entry);
  });
}

function matchByPair(entries: readonly string[], results: readonly unknown[]): number[] {
  const sent = groupIndexes(entries, (entry) => `${typeOf(entry)} ${startOf(entry)}`);
  const echoed = groupIndexes(results, (result) => {
    const echo = readEcho(result);
    return echo === null ? null : `${echo.type} ${echo.startMs}`;
  });
  const matches = entries.map(() => RESULT_MISSING);
  for (const [pair, indexes] of sent) {
    const candidates = echoed.get(pair);
    if (candidates === undefined) continue;
    if (indexes.length === 1 && sayTheSame(candidates.map((index) => results[index])))
      matches[indexes[0]!] = candidates[0]!;
    else matchByPerformer({ entries, results, indexes, candidates, matches });
  }
  return matches;
}

/** Repeated results: all successes, or all errors of one code. */
function sayTheSame(results: readonly unknown[]): boolean {
  return new Set(results.map(verdictOf)).size === 1;
}

function verdictOf(result: unknown): string {
  const error = errorOf(result);
  if (error === null) return 'success';
  const code = typeof error === 'object' ? (error as Record<string, unknown>)['code'] : null;
  return typeof code === 'string' ? `error ${code}` : 'error';
}

/** Results that echo nothing at all, one for each entry that is left: which is whose does not matter when all are successes. */
function matchEcholess(matches: number[], results: readonly unknown[]): void {
  const left = matches.flatMap((match, index) => (match === RESULT_MISSING ? [index] : []));
  const echoless = results.flatMap((result, index) => (isEcholess(result) ? [index] : []));
  const isOneEach = matches.length === results.length && left.length === echoless.length;
  if (!isOneEach || matches.includes(RESULT_AMBIGUOUS)) return;
  if (!echoless.every((index) => errorOf(results[index]) === null)) return;
  left.forEach((entry, nth) => {
    matches[entry] = echoless[nth]!;
  });
}

function isEcholess(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return false;
  return 'error' in result && !('type' in result) && !('startDateTime' in result);
}

/** null: a success. */
function errorOf(result: unknown): unknown {
  return typeof result === 'object' && result !== null ? ((result as Record<string, unknown>)['error'] ?? null) : null;
}

interface EqualPairs {
  readonly entries: readonly string[];
  readonly results: readonly unknown[];
  readonly indexes: readonly number[];
  readonly candidates: readonly number[];
  readonly matches: number[];
}

/** Several of one pair: only an echoed performer that is unique on both sides tells them apart. */
function matchByPerformer({ entries, results, indexes, candidates, matches }: EqualPairs): void {
  const sent = groupIndexes(
    indexes,
    (index) => decodeEntry(entries[index]!)?.activity.performedBy.id.toLowerCase() ?? null,
  );
  const echoed = groupIndexes(candidates, (index) => readEcho(results[index])?.performerId ?? null);
  for (const index of indexes) matches[index] = RESULT_AMBIGUOUS;
  for (const [id, places] of sent) {
    const found = echoed.get(id);
    if (places.length === 1 && found?.length === 1) matches[indexes[places[0]!]!] = candidates[found[0]!]!;
  }
}

function groupIndexes<T>(values: readonly T[], keyOf: (value: T) => string | null): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  values.forEach((value, index) => {
    const key = keyOf(value);
    if (key === null) return;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  });
  return groups;
}

interface Echo {
  readonly type: string;
  readonly startMs: number;
  readonly performerId: string | null;
}

function readEcho(result: unknown): Echo | null {
  if (typeof result !== 'object' || result === null) return null;
  const { type, startDateTime, performedBy } = result as Record<string, unknown>;
  if (typeof type !== 'string' || typeof startDateTime !== 'string') return null;
  const startMs = readInstant(startDateTime);
  if (startMs === null) return null;
  const id =
    typeof performedBy === 'object' && performedBy !== null ? (performedBy as Record<string, unknown>)['id'] : null;
  return { type: type.toLowerCase(), startMs, performerId: typeof id === 'string' ? id.toLowerCase() : null };
}

/** We send UTC: an echo without a zone is UTC. */
function readInstant(text: string): number | null {
  const read = parseInstant(text);
  const ms = read === 'zone' ? parseInstant(`${text}Z`) : read;
  return typeof ms === 'number' ? ms : null;
}

function typeOf(entry: string): string | undefined {
  return ACTIVITY_TYPES[Number(entry[1]) - 1];
}

function startOf(entry: string): number {
  return Number.parseInt(entry.slice(2, 12), 36) + INSTANT_MS_MIN;
}
