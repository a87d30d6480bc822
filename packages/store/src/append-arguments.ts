/* The arguments of the append script, in its header's order, and its answers as the port's results. */
import { type AppendPiece, type AppendResult, NO_RECEIPT, receiptRefIn } from '@sluice/core';

export function appendArguments(piece: AppendPiece): (string | number)[] {
  const { receiptId, rejectedEntries, key } = piece;
  const args: (string | number)[] = [
    piece.connectionId,
    piece.lane,
    piece.sequence,
    piece.lingerMs,
    piece.entriesMax,
    piece.pendingMax,
    piece.connectionsMax,
    receiptId === null ? '' : receiptRefIn(receiptId),
    piece.receiptsMax,
    piece.receiptTtlMs,
    piece.last ? 1 : 0,
    piece.rejected,
    piece.duplicates ?? 0,
    piece.dedupe?.windowMs ?? 0,
    piece.dedupe?.idsMax ?? 0,
    piece.roomFor ?? piece.groups.reduce((sum, { entries }) => sum + entries.length, 0),
    piece.lastLine ?? 0,
    ...(key === undefined
      ? ['', '', '', '', 0, 0]
      : [key.id, key.fingerprint, key.owner, key.nth ?? 's', key.windowMs, key.keysMax]),
    rejectedEntries.length,
  ];
  for (const { index, pointer, code, message } of rejectedEntries) {
    args.push(JSON.stringify(['rejected', index, null, 0, JSON.stringify({ code, message, pointer })]));
  }
  for (const { itemId, entries, ids = [] } of piece.groups) {
    const named = piece.dedupe === undefined ? [] : ids.map((id) => id ?? '');
    args.push(itemId, entries.length, named.length, ...entries, ...named);
  }
  return args;
}

type Reply = readonly [
  status: Exclude<AppendResult['status'], 'not-replicated'>,
  number: number,
  acceptedMs: number,
  wakeAtMs: number,
  duplicates: number,
  keptMs?: number,
  receiptRef?: string,
  pieces?: number,
];

export function readAppend(reply: unknown): AppendResult {
  const [status, number, acceptedMs, wakeAtMs, duplicates, keptMs = -1, ref = NO_RECEIPT, pieces = 0] = reply as Reply;
  const receiptRef = ref === NO_RECEIPT ? null : ref;
  switch (status) {
    case 'full':
    case 'connection-missing':
    case 'too-many-connections':
      return { status, pending: number };
    case 'key-reused':
      return { status, keptMs };
    case 'in-progress':
      return { status, forMs: number, keptMs };
    case 'replayed':
      return { status, appendedBefore: number, receiptRef, keptMs };
    case 'resumed':
      return { status, appendedBefore: number, pieces, receiptRef, keptMs };
    default: {
      const wake = wakeAtMs === 0 ? null : wakeAtMs;
      return { status, appended: number, duplicates, acceptedMs, wakeAtMs: wake, keptMs: keptMs < 0 ? null : keptMs };
    }
  }
}
