/* Puts activities into Sluice's store as an intake does: requests of a thousand, each with a receipt. */
import { randomBytes } from 'node:crypto';
import {
  type AcceptedActivity,
  type ActivityStore,
  makeReceiptRef,
  planPieces,
  RECEIPT_REF_LENGTH,
  receiptIdOf,
} from '@sluice/core';

export const REQUEST_ACTIVITIES = 1000;
const PERFORMER = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const BEGIN_MS = Date.UTC(2026, 0, 1);
const LANE = randomBytes(8).toString('hex');
const DAY_MS = 86_400_000;
let sequence = 0;
let made = 0;

/** No two in this process have the same time; over `items` items in turn. */
export function makeActivities(count: number, items: number): AcceptedActivity[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    id: null,
    itemId: `item-${made % items}`,
    activity: {
      type: 'viewed',
      startMs: BEGIN_MS + made++,
      performedBy: { type: 'user', id: PERFORMER },
    },
  }));
}

export interface Backlog {
  readonly store: Pick<ActivityStore, 'append'>;
  readonly connectionId: string;
  readonly shardTag: string;
  readonly activities: number;
  readonly items: number;
  /** Each activity has an id that is remembered for a day. */
  readonly withIds?: boolean;
}

export async function fillBacklog(backlog: Backlog): Promise<void> {
  const { store, connectionId, shardTag, activities, items, withIds = false } = backlog;
  for (let left = activities; left > 0; left -= REQUEST_ACTIVITIES) {
    const accepted = makeActivities(Math.min(left, REQUEST_ACTIVITIES), items);
    const receiptRef = makeReceiptRef(randomBytes(RECEIPT_REF_LENGTH));
    const pieces = planPieces({ accepted, receiptRef, ...(withIds && { rememberAs: makeId }) });
    const results = await Promise.all(
      pieces.map((piece) =>
        store.append({
          ...piece,
          connectionId,
          lane: LANE,
          sequence: ++sequence,
          receiptId: receiptIdOf(shardTag, receiptRef),
          rejected: 0,
          rejectedEntries: [],
          lingerMs: 0,
          entriesMax: 20,
          pendingMax: 100_000_000,
          connectionsMax: 1000,
          receiptsMax: 1_000_000,
          receiptTtlMs: DAY_MS,
          ...(withIds && { dedupe: { windowMs: DAY_MS, idsMax: 20_000_000 } }),
        }),
      ),
    );
    const refused = results.find((result) => !('appended' in result));
    if (refused !== undefined) throw new Error(`the store refused a piece of the backlog: ${refused.status}`);
  }
}

/** As large as those that the intake makes of callers' ids. */
function makeId(): string {
  return (randomBytes(8).readBigUInt64BE() >> 1n).toString();
}
