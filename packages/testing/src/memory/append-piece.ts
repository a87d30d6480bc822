import type { AppendPiece, AppendResult } from '@sluice/core';
import { writeAccepted } from './columns.ts';
import { checkKey, rememberKey } from './keyed.ts';
import { lowerPromise } from './promise.ts';
import { openReceipt } from './receipt.ts';
import { findNew, type NewGroup, rememberIds } from './remembered-ids.ts';
import {
  type Appended,
  type Connection,
  connectionOf,
  forgetOldest,
  itemOf,
  knownConnections,
  type Now,
  pendingOf,
  type State,
} from './state.ts';
import { tellAccepted } from './tail.ts';

const LANE_ANSWERS_MAX = 4096;

export function appendPiece(state: State, piece: AppendPiece, now: Now): AppendResult {
  const answers = state.lanes.get(piece.lane) ?? new Map<number, Appended>();
  const first = answers.get(piece.sequence);
  if (first !== undefined) return { ...first, status: 'again', wakeAtMs: null, keptMs: null };
  const known = checkKey(state, piece, now);
  if (known !== null) return known;

  const groups = findNew(state, piece, now);
  const appended = groups.reduce((sum, { entries }) => sum + entries.length, 0);
  const sent = piece.groups.reduce((sum, { entries }) => sum + entries.length, 0);
  const found = { appended, duplicates: sent - appended };
  const refusal = refusePiece(state, piece, { appended, room: (piece.roomFor ?? sent) - found.duplicates });
  if (refusal !== null) return refusal;

  openReceipt(state, piece, found, now);
  const wakeAtMs = appended === 0 ? null : appendEntries(state, piece, groups, now);
  const duplicates = found.duplicates + (piece.duplicates ?? 0);
  if (duplicates > 0) connectionOf(state, piece.connectionId).counts.duplicates += duplicates;
  if (appended > 0) tellAccepted(connectionOf(state, piece.connectionId), piece, groups, found.duplicates, now);
  rememberIds(state, piece, groups, now);
  const keptMs = rememberKey(state, piece, appended, now);
  const answer: Appended = { status: 'appended', ...found, acceptedMs: now.ms, wakeAtMs, keptMs };
  state.lanes.set(piece.lane, answers.set(piece.sequence, answer));
  forgetOldest(answers, LANE_ANSWERS_MAX);
  return answer;
}

/** A piece without entries only has something to say to a receipt: nothing is too full for it. */
function refusePiece(
  state: State,
  piece: AppendPiece,
  { appended, room }: { readonly appended: number; readonly room: number },
): AppendResult | null {
  if (appended === 0) return null;
  const known = knownConnections(state);
  const connection = known.find(({ id }) => id === piece.connectionId);
  const pending = connection === undefined ? 0 : pendingOf(connection);
  if (piece.roomFor !== 0 && connection?.block?.gone === true) return { status: 'connection-missing', pending };
  if (piece.roomFor !== 0 && pending + room > piece.pendingMax) return { status: 'full', pending };
  if (connection !== undefined || known.length < piece.connectionsMax) return null;
  return { status: 'too-many-connections', pending };
}

function appendEntries(state: State, piece: AppendPiece, groups: readonly NewGroup[], now: Now): number | null {
  const connection = connectionOf(state, piece.connectionId);
  for (const group of groups) appendGroup(connection, group, piece.entriesMax, now);
  const filled = groups.some(({ itemId }) => itemOf(connection, itemId).entries.length >= piece.entriesMax);
  return lowerPromise(connection, filled ? now.ms : now.ms + piece.lingerMs);
}

function appendGroup(connection: Connection, { itemId, entries }: NewGroup, entriesMax: number, now: Now): void {
  const item = itemOf(connection, itemId);
  if (item.entries.length < entriesMax) item.lastFill = null;
  item.entries.push(...entries.map((entry) => writeAccepted(entry, now.ms)));
  connection.counts.appended += entries.length;
}
