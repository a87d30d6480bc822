/* A performer is taken out of a connection: in one step what the store on Redis does in many. */
import { ERASURE_MARK_MS, ERASURES_MAX, type ErasureResult, type ErasureStep, foldPerformer } from '@sluice/core';
import { readColumns } from './columns.ts';
import { endHold, removeEnded, wakeNow } from './ended-entries.ts';
import { countErased } from './receipt.ts';
import { reclaimLeases } from './return-entries.ts';
import { type Connection, connectionOf, type ErasureMark, type Now, type State } from './state.ts';

/** The mark of an entry's performer; null: nobody erases it. */
export function markOf({ erasing }: Connection, entry: string, now: Now): ErasureMark | null {
  const mark = erasing.get(performerOf(entry));
  return mark !== undefined && mark.endsMs > now.ms ? mark : null;
}

/** One that is erased where a take met it; its item or group no longer has it. */
export function erasePending(state: State, { counts }: Connection, met: Met, now: Now): void {
  counts.erasedPending += 1;
  met.mark.pending += 1;
  countErased(state, met.entry, now);
}

interface Met {
  readonly entry: string;
  readonly mark: ErasureMark;
}

export function eraseStep(state: State, step: ErasureStep, now: Now): ErasureResult {
  const connection = connectionOf(state, step.connectionId);
  const { erasing } = connection;
  for (const [performer, { endsMs }] of erasing) if (endsMs <= now.ms) erasing.delete(performer);
  const performer = foldPerformer(step.performerId);
  if (!erasing.has(performer) && erasing.size >= ERASURES_MAX) return { status: 'busy' };
  const mark = erasing.get(performer) ?? { endsMs: 0, pending: 0, dead: 0, parked: 0 };
  mark.endsMs = now.ms + ERASURE_MARK_MS;
  erasing.set(performer, mark);
  reclaimLeases(state, connection, step.unknownPolicy, now);
  const isTheirs = (entry: string) => performerOf(entry) === performer;
  const leased = [...connection.leases.values()].flatMap(({ entries }) => entries);
  const inFlight = leased.filter(isTheirs).length;
  const pending = [...removeDelayed(connection, isTheirs), ...removeWaiting(connection, isTheirs)];
  for (const entry of pending) erasePending(state, connection, { entry, mark }, now);
  const ended = connection.settledEntries.filter(({ entry }) => isTheirs(entry));
  for (const one of ended) {
    connection.counts[one.state === 'dead' ? 'erasedDead' : 'erasedParked'] += 1;
    mark[one.state] += 1;
    removeEnded(state, connection, one, 'erase');
  }
  const wakeAtMs = endHold(connection, ended, step, now) ? wakeNow(connection, now) : null;
  const { endsMs, ...erased } = mark;
  return { status: 'walked', cursor: null, inFlight, erased, wakeAtMs };
}

export function endErasure(state: State, connectionId: string, performerId: string): void {
  connectionOf(state, connectionId).erasing.delete(foldPerformer(performerId));
}

type IsTheirs = (entry: string) => boolean;

function removeDelayed(connection: Connection, isTheirs: IsTheirs): string[] {
  const removed = connection.groups.flatMap(({ entries }) => entries.filter(isTheirs));
  connection.groups = connection.groups
    .map((group) => ({ ...group, entries: group.entries.filter((entry) => !isTheirs(entry)) }))
    .filter(({ entries }) => entries.length > 0);
  return removed;
}

/** An item that lost entries is looked at anew: how full it is and since when it waits. */
function removeWaiting({ items }: Connection, isTheirs: IsTheirs): string[] {
  const removed: string[] = [];
  for (const [itemId, item] of items) {
    const theirs = item.entries.filter(isTheirs);
    if (theirs.length === 0) continue;
    removed.push(...theirs);
    item.entries.splice(0, item.entries.length, ...item.entries.filter((entry) => !isTheirs(entry)));
    item.lastFill = null;
    item.waitsFromMs = null;
    if (item.entries.length === 0) items.delete(itemId);
  }
  return removed;
}

function performerOf(entry: string): string {
  return foldPerformer(readColumns(entry).activity.performedBy.id);
}
