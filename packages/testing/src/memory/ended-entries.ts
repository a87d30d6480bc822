/* Dead letters and parked entries after their end: listed, replayed, discarded. */
import type {
  DeadLetterChange,
  DeadLetterFilter,
  DeadLetterPage,
  DiscardDeadLetters,
  ListDeadLetters,
  ReplayDeadLetters,
} from '@sluice/core';
import { endBlock } from './block.ts';
import { writeNeverTried } from './columns.ts';
import { lowerPromise } from './promise.ts';
import { unlistEnded } from './receipt.ts';
import { DEAD_LETTERS_FULL } from './settle-lease.ts';
import { type Connection, connectionOf, type EndedEntry, itemOf, type Now, pendingOf, type State } from './state.ts';

/** Goes on after the `after`th of the entries of `state`; those beyond `last` came when the run had begun. */
interface Cursor {
  readonly state: 'dead' | 'parked';
  readonly after: number;
  readonly last: number;
}

interface Chosen {
  readonly entries: readonly EndedEntry[];
  readonly next: string | null;
  /** The cursor that begins with this one of `entries`; null: chosen by id. */
  readonly begin: (entry: EndedEntry) => string | null;
}

export function listEnded(connection: Connection, request: ListDeadLetters): DeadLetterPage {
  const chosen = chooseEnded(connection, request);
  if (chosen === null) return { status: 'cursor-invalid' };
  return { status: 'listed', entries: chosen.entries.map(({ nth, ...entry }) => entry), next: chosen.next };
}

export function replayEnded(state: State, request: ReplayDeadLetters, now: Now): DeadLetterChange {
  const connection = connectionOf(state, request.connectionId);
  const chosen = chooseEnded(connection, request);
  if (chosen === null) return { status: 'cursor-invalid' };
  const room = Math.max(0, request.pendingMax - pendingOf(connection));
  const fitting = chosen.entries.slice(0, room);
  const left = chosen.entries[room];
  for (const ended of fitting) {
    const item = itemOf(connection, ended.itemId);
    item.entries.push(writeNeverTried(ended.entry));
    item.lastFill = null;
    item.waitsFromMs = null;
    connection.counts.replayed += 1;
    removeEnded(state, connection, ended, 'replay');
  }
  const freed = endHold(connection, fitting, request, now);
  const wakeAtMs = freed || fitting.length > 0 ? wakeNow(connection, now) : null;
  if (left === undefined) {
    return { status: 'done', matched: fitting.length, done: fitting.length, next: chosen.next, wakeAtMs };
  }
  const next = chosen.begin(left);
  const matched = next === null ? chosen.entries.length : fitting.length;
  return { status: 'full', matched, done: fitting.length, next, wakeAtMs };
}

export function discardEnded(state: State, request: DiscardDeadLetters, now: Now): DeadLetterChange {
  const connection = connectionOf(state, request.connectionId);
  const chosen = chooseEnded(connection, request);
  if (chosen === null) return { status: 'cursor-invalid' };
  for (const ended of chosen.entries) {
    connection.counts[ended.state === 'dead' ? 'discardedDead' : 'discardedParked'] += 1;
    removeEnded(state, connection, ended, 'discard');
  }
  const freed = endHold(connection, chosen.entries, request, now);
  const done = chosen.entries.length;
  return { status: 'done', matched: done, done, next: chosen.next, wakeAtMs: freed ? wakeNow(connection, now) : null };
}

function chooseEnded(connection: Connection, { choice, lookedAtMax, chosenMax }: ListDeadLetters): Chosen | null {
  const { settledEntries } = connection;
  if ('ids' in choice) {
    const known = [...new Set(choice.ids)].map((id) => settledEntries.find((ended) => ended.id === id));
    return { entries: known.filter((ended) => ended !== undefined), next: null, begin: () => null };
  }
  const { filter, cursor: text } = choice;
  const cursor = text === null ? { state: 'dead', after: 0, last: connection.endedEver } : readCursor(text);
  if (cursor === null) return null;
  const ahead = (['dead', 'parked'] as const)
    .filter((end) => filter.state === undefined || filter.state === end)
    .filter((end) => !(end === 'dead' && cursor.state === 'parked'))
    .flatMap((end) => settledEntries.filter(({ state }) => state === end))
    .filter(({ state, nth }) => nth <= cursor.last && (state !== cursor.state || nth > cursor.after));
  const passing = ahead.filter((ended) => passes(ended, filter));
  const full = passing[chosenMax - 1];
  const looked = ahead.slice(0, Math.min(lookedAtMax, full === undefined ? lookedAtMax : ahead.indexOf(full) + 1));
  const isFull = full !== undefined && looked.includes(full);
  const write = (state: Cursor['state'], after: number) => `${state}/${after}/${cursor.last}`;
  const lastLooked = looked.at(-1);
  return {
    entries: looked.filter((ended) => passes(ended, filter)),
    next:
      lastLooked !== undefined && (isFull || looked.length === lookedAtMax)
        ? write(lastLooked.state, lastLooked.nth)
        : null,
    begin: ({ state, nth }) => write(state, nth - 1),
  };
}

function readCursor(text: string): Cursor | null {
  const read = /^(dead|parked)\/(\d+)\/(\d+)$/.exec(text);
  return read === null ? null : { state: read[1] as Cursor['state'], after: Number(read[2]), last: Number(read[3]) };
}

function passes(ended: EndedEntry, { code, itemId, beforeMs }: DeadLetterFilter): boolean {
  return (
    (code === undefined || ended.code === code) &&
    (itemId === undefined || ended.itemId === itemId) &&
    (beforeMs === undefined || ended.settledMs < beforeMs)
  );
}

export function removeEnded(
  state: State,
  connection: Connection,
  ended: EndedEntry,
  action: 'replay' | 'discard' | 'erase',
): void {
  connection.settledEntries = connection.settledEntries.filter((other) => other !== ended);
  unlistEnded(state, ended, action);
}

/** Only what was removed by now can have made room. Answers whether it did. */
export function endHold(
  connection: Connection,
  removed: readonly EndedEntry[],
  { deadLettersMax }: Pick<DiscardDeadLetters, 'deadLettersMax'>,
  now: Now,
): boolean {
  const full = connection.block?.kind === 'held' && connection.block.reason === DEAD_LETTERS_FULL.reason;
  if (!full || removed.length === 0 || connection.settledEntries.length >= deadLettersMax) return false;
  endBlock(connection, now);
  return true;
}

export function wakeNow(connection: Connection, now: Now): number | null {
  return pendingOf(connection) > 0 ? lowerPromise(connection, now.ms) : null;
}
