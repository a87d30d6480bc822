/* /api/v1/connections/{id}/items, one item, and calls: what lies inside a connection, each answer bounded. */
import {
  type ActivityStore,
  CALLS_KEPT,
  type ConnectionView,
  DEAD_LETTERS_CALL_MAX,
  type DeadLetterChoice,
  type DeadLetterPage,
  formatInstant,
  ITEM_ID,
  type WaitingItem,
} from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { fromStore, refuse, refuseMember } from './console-problems.ts';
import { describeCall, describeItem } from './describe-item.ts';
import type { StateWords } from './words/state-words.ts';

export interface ItemRouteParts {
  readonly store: Pick<ActivityStore, 'connection' | 'settledCalls' | 'items' | 'item' | 'deadLetters'>;
  readonly wordsOf: (view: ConnectionView) => StateWords;
  readonly shardTagOf: (connectionId: string) => string;
}

type Named = { Params: { connectionId: string; itemId: string } };

const ITEMS_MAX = 10;
const ENDED_MAX = 20;
/** Dead letters looked at for one item: pieces of DEAD_LETTERS_CALL_MAX, a few milliseconds of Redis each. */
const ENDED_PIECES_MAX = 20;

export function addItemRoutes(app: FastifyInstance, { store, wordsOf, shardTagOf }: ItemRouteParts): void {
  const base = '/api/v1/connections/:connectionId';
  async function viewOf(connectionId: string): Promise<ConnectionView> {
    const view = await fromStore(store.connection(connectionId));
    if (view === null) throw refuse('connection_not_found');
    return view;
  }
  app.get<Named>(`${base}/items`, async (request, reply) => {
    const { connectionId } = request.params;
    await viewOf(connectionId);
    const { nowMs, items, fullest, oldest } = await fromStore(store.items(connectionId, ITEMS_MAX));
    reply.header('cache-control', 'no-store');
    return {
      at: formatInstant(nowMs),
      itemsWaiting: items,
      fullest: fullest.map(describeWaiting),
      oldest: oldest.map(describeWaiting),
    };
  });
  app.get<Named>(`${base}/items/:itemId`, async (request, reply) => {
    const { connectionId, itemId } = request.params;
    if (!ITEM_ID.test(itemId)) {
      throw refuseMember('#/itemId', 'An item id is 1 to 128 letters, digits, hyphens and underscores.');
    }
    const view = await viewOf(connectionId);
    const item = await fromStore(store.item(connectionId, itemId));
    const { ended, endedMore } = await readEnded(store, connectionId, itemId);
    reply.header('cache-control', 'no-store');
    return describeItem({
      itemId,
      item,
      ended,
      endedMore,
      view,
      words: wordsOf(view),
      shardTag: shardTagOf(connectionId),
    });
  });
  app.get<Named & { Querystring: { errors?: string } }>(`${base}/calls`, async (request, reply) => {
    const { connectionId } = request.params;
    await viewOf(connectionId);
    const which = request.query.errors === undefined ? 'all' : 'errors';
    const calls = await fromStore(store.settledCalls(connectionId, which, CALLS_KEPT));
    reply.header('cache-control', 'no-store');
    return { calls: calls.map(describeCall) };
  });
}

function describeWaiting({ itemId, entries, oldestAcceptedMs }: WaitingItem) {
  return { itemId, pending: entries, oldestPendingAt: formatInstant(oldestAcceptedMs) };
}

/** Nothing lists dead letters by item: they are looked through from the oldest end, up to a bound. */
async function readEnded(store: ItemRouteParts['store'], connectionId: string, itemId: string) {
  let cursor: string | null = null;
  for (let piece = 0; piece < ENDED_PIECES_MAX; piece++) {
    const choice: DeadLetterChoice = { filter: { itemId }, cursor };
    const page: DeadLetterPage = await fromStore(
      store.deadLetters({ connectionId, choice, lookedAtMax: DEAD_LETTERS_CALL_MAX, chosenMax: ENDED_MAX }),
    );
    if (page.status === 'cursor-invalid') break;
    if (page.entries.length > 0 || page.next === null) return { ended: page.entries, endedMore: page.next !== null };
    cursor = page.next;
  }
  return { ended: [], endedMore: true };
}
