/* What somebody sees who watches a connection: the streams that the scripts keep for people. */
import { type AcceptedPiece, CALLS_KEPT, type TailReading, type TailRequest, type TailStore } from '@sluice/core';
import type { RunScript } from './client.ts';
import { inGroups, readCall } from './lookups.ts';

type Reply = readonly [
  status: string,
  nowMs: number,
  appended: number,
  ended: number,
  call: string,
  piece: string,
  calls: readonly string[],
  pieces: readonly string[],
];

export function redisTail(run: RunScript, keyOf: (connectionId: string) => string): TailStore {
  return {
    tail: async (request) => {
      const { connectionId, after, listenMs } = request;
      const most = Math.min(CALLS_KEPT, Math.max(1, request.most));
      const args = [after?.call ?? '', after?.piece ?? '', most, listenMs];
      const reply = (await run('tail', [keyOf(connectionId)], args)) as Reply;
      return reply[0] === 'unknown' ? null : readTail(reply, { ...request, most });
    },
  };
}

function readTail(
  [, nowMs, appended, callsEnded, call, piece, calls, pieces]: Reply,
  { after, most }: TailRequest,
): TailReading {
  const read = inGroups(calls, 4).map(readCall).reverse();
  const told = inGroups(pieces, 2).map(readPiece).reverse();
  const entries = told.reduce((sum, each) => sum + each.entries, 0);
  // Fewer than could be read are all there were.
  const leftOut = (isFull: boolean, happened: number, seen: number) => (isFull ? Math.max(0, happened - seen) : 0);
  return {
    nowMs,
    cursor: { call, piece, callsEnded, appended },
    calls: read,
    pieces: told,
    callsLeftOut: leftOut(read.length === most, callsEnded - (after?.callsEnded ?? callsEnded), read.length),
    entriesLeftOut: leftOut(told.length === most, appended - (after?.appended ?? appended), entries),
  };
}

/** As the append script keeps it: entries, duplicates, receipt, items, and how many of each. */
interface ToldPiece {
  readonly n: number;
  readonly d: number;
  readonly r: string;
  readonly i: readonly string[];
  readonly c: readonly number[];
}

function readPiece([at, told]: readonly string[]): AcceptedPiece {
  const { n, d, r, i, c } = JSON.parse(told!) as ToldPiece;
  const items = i.map((itemId, nth) => ({ itemId, entries: c[nth] ?? 0 }));
  return { atMs: Number(at), entries: n, duplicates: d, receiptRef: r === '' ? null : r, items };
}
