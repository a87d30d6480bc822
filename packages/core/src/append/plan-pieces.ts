/*
  append: cuts what was accepted of one request into pieces that a script can store in one short step. Entries of an item
  stay together as long as they can, and in their order always.
*/
import type { AcceptedActivity } from '../accept/check-body.ts';
import { encodeEntry } from '../activity/entry.ts';
import { PIECE_ENTRIES_MAX } from '../limits.ts';
import type { AppendGroup } from '../ports/activity-store.ts';

export interface Piece {
  readonly groups: readonly AppendGroup[];
  /** True for the last piece: the request is complete with it. */
  readonly last: boolean;
  /** Entries that must find room: all of the request with its first piece, none with the later ones. */
  readonly roomFor: number;
}

/** One piece at least; an empty one when nothing was accepted. */
export function planPieces(request: {
  readonly accepted: readonly AcceptedActivity[];
  readonly receiptRef: string | null;
  /** What the store is to remember an activity by; null: nothing. Absent: no activity is remembered. */
  readonly rememberAs?: (accepted: AcceptedActivity) => string | null;
  readonly pieceEntriesMax?: number;
}): readonly Piece[] {
  const { accepted, receiptRef, rememberAs = () => null, pieceEntriesMax = PIECE_ENTRIES_MAX } = request;
  const pieces: AppendGroup[][] = [[]];
  let room = pieceEntriesMax;
  for (const [itemId, { entries, ids }] of encodeByItem(accepted, receiptRef, rememberAs)) {
    for (let from = 0; from < entries.length; ) {
      if (room === 0) {
        pieces.push([]);
        room = pieceEntriesMax;
      }
      const taken = entries.slice(from, from + room);
      const named = ids.slice(from, from + room);
      const someNamed = named.some((id) => id !== null);
      pieces.at(-1)!.push({ itemId, entries: taken, ...(someNamed && { ids: named }) });
      from += taken.length;
      room -= taken.length;
    }
  }
  return pieces.map((groups, at) => ({
    groups,
    last: at === pieces.length - 1,
    roomFor: at === 0 ? accepted.length : 0,
  }));
}

interface Encoded {
  readonly entries: string[];
  readonly ids: (string | null)[];
}

function encodeByItem(
  accepted: readonly AcceptedActivity[],
  receiptRef: string | null,
  rememberAs: (accepted: AcceptedActivity) => string | null,
): ReadonlyMap<string, Encoded> {
  const items = new Map<string, Encoded>();
  for (const one of accepted) {
    const entry = encodeEntry(one.activity, one.index, receiptRef);
    const item = items.get(one.itemId);
    if (item === undefined) items.set(one.itemId, { entries: [entry], ids: [rememberAs(one)] });
    else {
      item.entries.push(entry);
      item.ids.push(rememberAs(one));
    }
  }
  return items;
}
