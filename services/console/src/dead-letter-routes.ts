/* /api/v1/connections/{id}/dead-letters: listed, shown, replayed, discarded. */
import {
  type ActivityStore,
  DEAD_LETTERS_CALL_MAX,
  type DrainScheduler,
  formatInstant,
  type SettledEntry,
} from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { httpProblem, ProblemError } from '@sluice/http';
import { noteDetail } from './audit-deeds.ts';
import { type Change, changeDeadLetters } from './change-dead-letters.ts';
import { fromStore, refuse } from './console-problems.ts';
import { describeDeadLetter } from './describe-dead-letter.ts';
import { type ChangeRequest, type ListRequest, readChangeRequest, readListRequest } from './read-choice.ts';

export interface DeadLetterRouteParts {
  readonly store: Pick<ActivityStore, 'connection' | 'deadLetters' | 'replay' | 'discard'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly boundsOf: (connectionId: string) => Change['bounds'];
  readonly shardTagOf: (connectionId: string) => string;
}

type Named = { Params: { connectionId: string; deadLetterId: string } };

/** Pieces of the store for one list: a filter that passes nearly all over answers a short page and where to go on. */
const PIECES_MAX = 20;

export function addDeadLetterRoutes(app: FastifyInstance, parts: DeadLetterRouteParts): void {
  const base = '/api/v1/connections/:connectionId/dead-letters';
  const { store } = parts;
  const assertKnown = async (connectionId: string) => {
    if ((await fromStore(store.connection(connectionId))) === null) throw refuse('connection_not_found');
  };
  app.get<Named>(base, async (request, reply) => {
    const { connectionId } = request.params;
    const list = readListRequest(request.query);
    await assertKnown(connectionId);
    const { entries, next } = await listDeadLetters(store, connectionId, list);
    reply.header('cache-control', 'no-store');
    return { entries: entries.map((entry) => describeDeadLetter(entry, parts.shardTagOf(connectionId))), next };
  });
  app.get<Named>(`${base}/:deadLetterId`, async (request, reply) => {
    const { connectionId, deadLetterId } = request.params;
    const choice = { ids: [deadLetterId] };
    const page = await fromStore(store.deadLetters({ connectionId, choice, lookedAtMax: 1, chosenMax: 1 }));
    const found = page.status === 'listed' ? page.entries[0] : undefined;
    if (found === undefined) throw refuse('dead_letter_not_found');
    reply.header('cache-control', 'no-store');
    return describeDeadLetter(found, parts.shardTagOf(connectionId));
  });
  for (const action of ['replay', 'discard'] as const) {
    app.post<Named>(`${base}/${action}`, async (request) => {
      const { connectionId } = request.params;
      if (request.body === undefined) throw new ProblemError(httpProblem('body_empty'));
      const change = readChangeRequest(request.body);
      await assertKnown(connectionId);
      const answer = await changeDeadLetters(parts, {
        action,
        connectionId,
        request: change,
        bounds: parts.boundsOf(connectionId),
      });
      noteDetail(request, `${describeChange(change)}: ${answer.done} of ${answer.matched} done`);
      return answer;
    });
  }
}

/** In a few words, for those who ask later who did it. */
function describeChange(change: ChangeRequest): string {
  if ('ids' in change) return `${change.ids.length} ids`;
  const { state, code, itemId, beforeMs } = change.filter;
  const before = beforeMs === undefined ? undefined : formatInstant(beforeMs);
  const said = Object.entries({ state, code, itemId, before }).filter(([, value]) => value !== undefined);
  return said.length === 0 ? 'all' : said.map(([name, value]) => `${name}=${value}`).join(' ');
}

async function listDeadLetters(
  store: Pick<ActivityStore, 'deadLetters'>,
  connectionId: string,
  { filter, cursor, limit }: ListRequest,
): Promise<{ readonly entries: readonly SettledEntry[]; readonly next: string | null }> {
  const entries: SettledEntry[] = [];
  let next = cursor;
  for (let piece = 0; piece < PIECES_MAX; piece++) {
    const chosenMax = limit - entries.length;
    const choice = { filter, cursor: next };
    const request = { connectionId, choice, lookedAtMax: DEAD_LETTERS_CALL_MAX, chosenMax };
    const page = await fromStore(store.deadLetters(request));
    if (page.status === 'cursor-invalid') throw refuse('cursor_invalid', { pointer: '#/cursor' });
    entries.push(...page.entries);
    next = page.next;
    if (next === null || entries.length >= limit) break;
  }
  return { entries, next };
}
