/* A connection that holds nothing leaves; what waits is discarded in one step, which the store on Redis does in some. */
import { FORGET_LOOKED_AT_MAX, type ForgetRequest, type ForgetResult } from '@sluice/core';
import { countDiscarded } from './receipt.ts';
import { type Connection, type Now, pendingOf, type State } from './state.ts';

export function forgetConnection(
  state: State,
  { connectionId, discardPending }: ForgetRequest,
  now: Now,
): ForgetResult {
  const connection = state.connections.get(connectionId);
  if (connection === undefined || connection.counts.appended === 0) {
    return { status: 'unknown', pending: 0, dead: 0, parked: 0, discarded: 0 };
  }
  const held = (discarded = 0) => ({ pending: pendingOf(connection), ...endedOf(connection), discarded });
  if (discardPending && held().pending > 0) {
    if (connection.pausedSinceMs === null && connection.block?.kind !== 'held') return { status: 'moving', ...held() };
    const removed = removeSome(connection);
    for (const entry of removed) {
      connection.counts.discardedPending += 1;
      countDiscarded(state, entry, now);
    }
    return { status: 'discarding', ...held(removed.length) };
  }
  const left = held();
  if (left.pending + left.dead + left.parked > 0) return { status: 'holds', ...left };
  state.connections.delete(connectionId);
  return { status: 'forgotten', ...left };
}

function endedOf({ settledEntries }: Connection) {
  const count = (end: string) => settledEntries.filter((ended) => ended.state === end).length;
  return { dead: count('dead'), parked: count('parked') };
}

/** Retries first, whole groups; then items, those that have waited longest first. */
function removeSome(connection: Connection): readonly string[] {
  const removed: string[] = [];
  while (removed.length < FORGET_LOOKED_AT_MAX && connection.groups.length > 0) {
    const [first, ...others] = connection.groups;
    removed.push(...first!.entries);
    connection.groups = others;
  }
  for (const [itemId, item] of connection.items) {
    const room = FORGET_LOOKED_AT_MAX - removed.length;
    if (room <= 0) return removed;
    removed.push(...item.entries.splice(0, room));
    item.lastFill = null;
    item.waitsFromMs = null;
    if (item.entries.length === 0) connection.items.delete(itemId);
  }
  return removed;
}
