/* For somebody who watches: counted from the beginning, so that a cursor is how many were seen. */
import {
  type AcceptedPiece,
  type AppendPiece,
  RECEIPT_REF_LENGTH,
  TAIL_ITEMS_MAX,
  type TailReading,
  type TailRequest,
} from '@sluice/core';
import type { NewGroup } from './remembered-ids.ts';
import type { Connection, Now } from './state.ts';

export function tellAccepted(
  connection: Connection,
  piece: AppendPiece,
  groups: readonly NewGroup[],
  duplicates: number,
  now: Now,
): void {
  const filled = groups.filter(({ entries }) => entries.length > 0);
  const entries = filled.reduce((sum, group) => sum + group.entries.length, 0);
  if (entries === 0 || connection.tailedUntilMs <= now.ms) return;
  const items = filled
    .slice(0, TAIL_ITEMS_MAX)
    .map((group) => ({ itemId: group.itemId, entries: group.entries.length }));
  const receiptRef = piece.receiptId?.slice(-RECEIPT_REF_LENGTH) ?? null;
  const told: AcceptedPiece = { atMs: now.ms, entries, duplicates, receiptRef, items };
  connection.acceptedPieces = [...connection.acceptedPieces, told];
}

export function readTail(connection: Connection, { after, most, listenMs }: TailRequest, now: Now): TailReading {
  if (listenMs > 0) connection.tailedUntilMs = now.ms + listenMs;
  const { settledCalls, acceptedPieces, counts } = connection;
  const calls = after === null ? [] : settledCalls.slice(0, settledCalls.length - Number(after.call)).toReversed();
  const pieces = after === null ? [] : acceptedPieces.slice(Number(after.piece));
  const entries = (list: readonly AcceptedPiece[]) => list.reduce((sum, piece) => sum + piece.entries, 0);
  return {
    nowMs: now.ms,
    cursor: {
      call: String(settledCalls.length),
      piece: String(acceptedPieces.length),
      callsEnded: counts.calls - connection.leases.size,
      appended: counts.appended,
    },
    calls: calls.slice(-most),
    pieces: pieces.slice(-most),
    callsLeftOut: Math.max(0, calls.length - most),
    entriesLeftOut: entries(pieces) - entries(pieces.slice(-most)),
  };
}
