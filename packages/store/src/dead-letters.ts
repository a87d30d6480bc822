/* Lists, replays and discards dead letters: the port's requests as script arguments, their replies as its results. */
import {
  DEAD_LETTERS_CALL_MAX,
  type DeadLetterChange,
  type DeadLetterPage,
  type ListDeadLetters,
  type ReplayDeadLetters,
  type SettledEntry,
} from '@sluice/core';
import type { RunScript } from './client.ts';

/**
 * Stream ids as Redis writes them, of 15 and 10 digits: more would be no time, and Redis refuses numbers beyond 64 bits. With
 * zeros before it Redis would find the same entry again, and one that is named twice would be replayed twice.
 */
const STREAM_ID = '(?:0|[1-9]\\d{0,14})-(?:0|[1-9]\\d{0,9})';
const ID = new RegExp(`^(dead|parked)-${STREAM_ID}$`);
const CURSOR = new RegExp(`^(dead|parked)(/${STREAM_ID}){3}$`);
const FIELDS = 5;

type Reply = readonly [
  status: 'done' | 'full',
  matched: number,
  done: number,
  cursor: string,
  wakeAtMs: string,
  entries: readonly string[],
];

type Change = { readonly action: 'replay' | 'discard' } & ReplayDeadLetters;

export async function listDeadLetters(
  run: RunScript,
  keys: readonly string[],
  request: ListDeadLetters,
): Promise<DeadLetterPage> {
  if (!isCursorValid(request)) return { status: 'cursor-invalid' };
  const args = argumentsOf({ action: 'list', pendingMax: 0, deadLettersMax: 0, entriesMax: 1, ...request });
  const [, , , cursor, , fields] = (await run('dead-letters', keys, args)) as Reply;
  return { status: 'listed', entries: readEntries(fields), next: cursor === '' ? null : cursor };
}

export async function changeDeadLetters(
  run: RunScript,
  keys: readonly string[],
  request: Change,
): Promise<DeadLetterChange> {
  if (!isCursorValid(request)) return { status: 'cursor-invalid' };
  const [status, matched, done, cursor, wakeAtMs] = (await run('dead-letters', keys, argumentsOf(request))) as Reply;
  return {
    status,
    matched,
    done,
    next: cursor === '' ? null : cursor,
    wakeAtMs: wakeAtMs === '0' ? null : Number(wakeAtMs),
  };
}

function isCursorValid({ choice }: ListDeadLetters): boolean {
  return 'ids' in choice || choice.cursor === null || CURSOR.test(choice.cursor);
}

function argumentsOf(
  request: Omit<Change, 'action'> & { readonly action: Change['action'] | 'list' },
): (string | number)[] {
  const { choice } = request;
  const { filter, cursor } = 'ids' in choice ? { filter: {}, cursor: null } : choice;
  const ids = 'ids' in choice ? choice.ids.filter((id) => ID.test(id)) : [];
  if (ids.length > DEAD_LETTERS_CALL_MAX)
    throw new RangeError(`${ids.length} ids; at most ${DEAD_LETTERS_CALL_MAX} a call.`);
  return [
    request.connectionId,
    request.action,
    Math.min(request.lookedAtMax, DEAD_LETTERS_CALL_MAX),
    request.chosenMax,
    request.pendingMax,
    request.deadLettersMax,
    request.entriesMax,
    'ids' in choice ? 1 : 0,
    cursor ?? '',
    filter.state ?? '',
    filter.code ?? '',
    filter.itemId ?? '',
    filter.beforeMs ?? 0,
    ...ids,
  ];
}

function readEntries(fields: readonly string[]): SettledEntry[] {
  return Array.from({ length: fields.length / FIELDS }, (_, n) => {
    const [id, itemId, entry, reasonText, at] = fields.slice(n * FIELDS, (n + 1) * FIELDS) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const reason = JSON.parse(reasonText) as { code: string; message: string; requestId?: string | null };
    const state = id.startsWith('dead') ? 'dead' : 'parked';
    const { code, message, requestId = null } = reason;
    return { id, state, itemId, entry, settledMs: Number(at), code, message, requestId };
  });
}
