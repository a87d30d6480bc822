/* Replays or discards in pieces that the store can take, as many as one request may: the caller goes on from `next`. */
import { type ActivityStore, DEAD_LETTERS_CALL_MAX, type DeadLetterChoice, type DrainScheduler } from '@sluice/core';
import { fromStore, refuse } from './console-problems.ts';
import { type ChangeRequest, IDS_MAX } from './read-choice.ts';

export interface ChangeParts {
  readonly store: Pick<ActivityStore, 'replay' | 'discard'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
}

export interface Change {
  readonly action: 'replay' | 'discard';
  readonly connectionId: string;
  readonly request: ChangeRequest;
  readonly bounds: { readonly pendingMax: number; readonly deadLettersMax: number; readonly entriesMax: number };
}

export interface ChangeAnswer {
  readonly matched: number;
  readonly done: number;
  readonly next: string | null;
}

/** Looked at in one request: 40 pieces, each a few milliseconds of Redis. */
const LOOKED_AT_MAX = IDS_MAX;

export async function changeDeadLetters(parts: ChangeParts, change: Change): Promise<ChangeAnswer> {
  let [matched, done] = [0, 0];
  let next: string | null = null;
  for (const begin of piecesOf(change.request)) {
    const answer = await changePiece(parts, change, begin(next));
    matched += answer.matched;
    done += answer.done;
    next = answer.next;
    if (answer.status === 'full' && done === 0) throw refuse('backlog_full');
    if (answer.status === 'full' || (next === null && 'filter' in change.request)) break;
  }
  return { matched, done, next };
}

async function changePiece({ store, scheduler }: ChangeParts, change: Change, choice: DeadLetterChoice) {
  const { action, connectionId, bounds } = change;
  const piece = {
    connectionId,
    choice,
    ...bounds,
    lookedAtMax: DEAD_LETTERS_CALL_MAX,
    chosenMax: DEAD_LETTERS_CALL_MAX,
  };
  const answer = await fromStore(store[action](piece));
  if (answer.status === 'cursor-invalid') throw refuse('cursor_invalid', { pointer: '#/cursor' });
  if (answer.wakeAtMs !== null) await scheduler.wake(connectionId, answer.wakeAtMs);
  return answer;
}

/** Each piece as a function of where the last one ended. */
function piecesOf(request: ChangeRequest): readonly ((next: string | null) => DeadLetterChoice)[] {
  if ('ids' in request) {
    const { ids } = request;
    const count = Math.ceil(ids.length / DEAD_LETTERS_CALL_MAX);
    return Array.from({ length: count }, (_, n) => () => {
      return { ids: ids.slice(n * DEAD_LETTERS_CALL_MAX, (n + 1) * DEAD_LETTERS_CALL_MAX) };
    });
  }
  const { filter, cursor } = request;
  return Array.from({ length: LOOKED_AT_MAX / DEAD_LETTERS_CALL_MAX }, (_, n) => (next: string | null) => {
    return { filter, cursor: n === 0 ? cursor : next };
  });
}
