/* Plays list, replay and discard. Ids and cursors are each store's own, so an answer is told without them. */
import type { ActivityStore, DeadLetterChoice } from '@sluice/core';
import type { ModelSettings, Operation } from './operations.ts';

type EndedOperation = Extract<Operation, { op: 'list' | 'replay' | 'discard' }>;

const PAGE = 500;

export interface EndedPlayer {
  play(operation: EndedOperation): Promise<unknown>;
  forget(connectionId: string): void;
}

export function endedPlayer(store: ActivityStore, settings: ModelSettings): EndedPlayer {
  const listed = new Map<string, string[]>();
  const cursors = new Map<string, string | null>();

  async function chooseIds(connectionId: string, places: readonly number[]): Promise<DeadLetterChoice> {
    const page = await store.deadLetters({
      connectionId,
      choice: { filter: {}, cursor: null },
      lookedAtMax: PAGE,
      chosenMax: PAGE,
    });
    const ids = listed.get(connectionId) ?? [];
    listed.set(connectionId, ids);
    if (page.status === 'listed') ids.push(...page.entries.map(({ id }) => id).filter((id) => !ids.includes(id)));
    return { ids: places.map((place) => ids[Math.floor(place * ids.length)] ?? 'no id') };
  }

  async function choose({ connectionId, choice }: EndedOperation): Promise<DeadLetterChoice> {
    if ('places' in choice) return chooseIds(connectionId, choice.places);
    const nowMs = (await store.connection(connectionId))?.nowMs ?? 0;
    const before = choice.endedMsAgo === null ? {} : { beforeMs: nowMs - choice.endedMsAgo };
    const cursor = choice.goOn ? (cursors.get(connectionId) ?? null) : null;
    return { filter: { ...choice.filter, ...before }, cursor };
  }

  async function play(operation: EndedOperation): Promise<unknown> {
    const { op, connectionId, lookedAtMax, chosenMax } = operation;
    const { deadLettersMax } = settings;
    const request = { connectionId, choice: await choose(operation), lookedAtMax, chosenMax, deadLettersMax };
    const bounds = { pendingMax: settings.append.pendingMax, entriesMax: settings.take.entriesMax };
    const answer =
      op === 'list'
        ? await store.deadLetters(request)
        : op === 'replay'
          ? await store.replay({ ...request, ...bounds })
          : await store.discard(request);
    if (answer.status === 'cursor-invalid') return answer;
    if (!('ids' in request.choice)) cursors.set(connectionId, answer.next);
    const told = { ...answer, next: answer.next !== null };
    return 'entries' in told ? { ...told, entries: told.entries.map(({ id, ...entry }) => entry) } : told;
  }

  return {
    play,
    forget: (connectionId) => {
      listed.delete(connectionId);
      cursors.delete(connectionId);
    },
  };
}
