/* What somebody sees who watches: one event for each item of what was accepted, each call with its outcome, each change of state. */
import { type AcceptedPiece, formatInstant, type SettledCall, type TailReading } from '@sluice/core';
import type { ShownConnection } from '../words/shown.ts';
import { stateWords } from '../words/state-words.ts';

export interface TailEvent {
  readonly kind: 'accepted' | 'call' | 'state';
  readonly atMs: number;
  readonly connectionId: string;
  /** Null: it is about more than one, or none. */
  readonly itemId: string | null;
  /** Something that an operator may want to know: a call not wholly delivered, a connection that stopped. */
  readonly failed: boolean;
  /** As it is sent. */
  readonly json: string;
}

/** Which events somebody wants. */
export interface TailFilter {
  readonly connectionId: string | null;
  readonly itemId: string | null;
  readonly failedOnly: boolean;
}

export function isWanted(event: TailEvent, { connectionId, itemId, failedOnly }: TailFilter): boolean {
  if (connectionId !== null && event.connectionId !== connectionId) return false;
  if (failedOnly && !event.failed) return false;
  // What stops a connection stops the item too.
  return itemId === null || event.itemId === itemId || event.kind === 'state';
}

/** By time; what came at one moment, in the order of the story. */
export function eventsOf(connectionId: string, { pieces, calls }: TailReading, shardTag: string): readonly TailEvent[] {
  const accepted = pieces.flatMap((piece) => acceptedEvents(connectionId, piece, shardTag));
  return [...accepted, ...calls.map((call) => callEvent(connectionId, call))].sort((a, b) => a.atMs - b.atMs);
}

function acceptedEvents(connectionId: string, piece: AcceptedPiece, shardTag: string): readonly TailEvent[] {
  const { atMs, items, receiptRef } = piece;
  const receiptId = receiptRef === null ? null : `${shardTag}${receiptRef}`;
  const event = (itemId: string | null, entries: number, duplicates: number): TailEvent => {
    const told = { at: formatInstant(atMs), event: 'accepted', connectionId, itemId, entries, duplicates, receiptId };
    return { kind: 'accepted', atMs, connectionId, itemId, failed: false, json: JSON.stringify(told) };
  };
  const listed = items.reduce((sum, { entries }) => sum + entries, 0);
  const each = items.map(({ itemId, entries }, n) => event(itemId, entries, n === 0 ? piece.duplicates : 0));
  return listed === piece.entries ? each : [...each, event(null, piece.entries - listed, 0)];
}

function callEvent(connectionId: string, call: SettledCall): TailEvent {
  const { atMs, itemId, delivered, retried, dead, parked } = call;
  const failed = retried + dead + parked > 0 || call.stale;
  const told = {
    at: formatInstant(atMs),
    event: 'call',
    connectionId,
    entries: delivered + retried + dead + parked,
    ...call,
  };
  const { atMs: _, ...shown } = told;
  return { kind: 'call', atMs, connectionId, itemId, failed, json: JSON.stringify(shown) };
}

/** Null: nothing that a watcher must be told changed. */
export function stateEvent(now: ShownConnection, before: string | undefined, nowMs: number): TailEvent | null {
  const { connectionId, state, reason } = now;
  // Flowing and idle take turns with every call: their calls tell it.
  const quiet = (each: string) => each === 'flowing' || each === 'idle';
  if (before === undefined || before === state || (quiet(before) && quiet(state))) return null;
  const { text, remedy } = stateWords(now, nowMs);
  const failed = state === 'held' || state === 'breaker';
  const told = { at: formatInstant(nowMs), event: 'state', connectionId, state, text, reason, remedy };
  return { kind: 'state', atMs: nowMs, connectionId, itemId: null, failed, json: JSON.stringify(told) };
}
