/*
  append: cuts what was accepted of one request into pieces that a script can store in one short step. Entries of an item
  stay together as long as they can, and in their order always.
*/
import type { AcceptedActivity } from '../accept/check-body.ts';
import { encodeEntry } from '../activity/entry.ts';
import { PIECE_ENTRIES_MAX } from '../limits.ts';

export interface Piece {
  readonly groups: readonly PieceGroup[];
  /** True for the last piece: the request is complete with it. */
  readonly last: boolean;
}

export interface PieceGroup {
  readonly itemId: string;
  /** As encodeEntry makes them. */
  readonly entries: readonly string[];
}

/** One piece at least; an empty one when nothing was accepted. */
export function planPieces(request: {
  readonly accepted: readonly AcceptedActivity[];
  readonly receiptRef: string | null;
  readonly pieceEntriesMax?: number;
}): readonly Piece[] {
  const { accepted, receiptRef, pieceEntriesMax = PIECE_ENTRIES_MAX } = request;
  const pieces: PieceGroup[][] = [[]];
  let room = pieceEntriesMax;
  for (const [itemId, entries] of encodeByItem(accepted, receiptRef)) {
    for (let from = 0; from < entries.length; ) {
      if (room === 0) {
        pieces.push([]);
        room = pieceEntriesMax;
      }
      const taken = entries.slice(from, from + room);
      pieces.at(-1)!.push({ itemId, entries: taken });
      from += taken.length;
      room -= taken.length;
    }
  }
  return pieces.map((groups, at) => ({ groups, last: at === pieces.length - 1 }));
}

function encodeByItem(
  accepted: readonly AcceptedActivity[],
  receiptRef: string | null,
): ReadonlyMap<string, readonly string[]> {
  const items = new Map<string, string[]>();
  for (const { itemId, activity, index } of accepted) {
    const entry = encodeEntry(activity, index, receiptRef);
    const entries = items.get(itemId);
    if (entries === undefined) items.set(itemId, [entry]);
    else entries.push(entry);
  }
  return items;
}
