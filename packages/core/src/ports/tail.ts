/*
  What happens in a connection, as it happens, for somebody who watches: what was accepted and what became of calls. Calls are
  kept for people anyway; what is accepted is kept only while somebody has lately said that he listens, so that it costs
  nothing when nobody does. Everything is bounded, and what was left out is counted.
*/
import type { SettledCall } from './lookups.ts';

export interface TailRequest {
  readonly connectionId: string;
  /** Of the reading before; null: from now on. */
  readonly after: TailCursor | null;
  /** Calls, and pieces of requests, at most; from 1 to CALLS_KEPT. The newest are read. */
  readonly most: number;
  /** For so long what is accepted is kept to be told; 0: it is not. */
  readonly listenMs: number;
}

export interface TailCursor {
  readonly call: string;
  readonly piece: string;
  readonly callsEnded: number;
  readonly appended: number;
}

/** What was stored of one piece of a request. */
export interface AcceptedPiece {
  readonly atMs: number;
  readonly entries: number;
  readonly duplicates: number;
  /** Null: without a receipt. */
  readonly receiptRef: string | null;
  /** At most TAIL_ITEMS_MAX; `entries` counts all. */
  readonly items: readonly { readonly itemId: string; readonly entries: number }[];
}

export interface TailReading {
  readonly nowMs: number;
  readonly cursor: TailCursor;
  /** Oldest first. */
  readonly calls: readonly SettledCall[];
  readonly pieces: readonly AcceptedPiece[];
  /** More happened than was read: about so many calls, and accepted entries. */
  readonly callsLeftOut: number;
  readonly entriesLeftOut: number;
}

export interface TailStore {
  /** Null: nothing was ever accepted for the connection. */
  tail(request: TailRequest): Promise<TailReading | null>;
}

export const TAIL_ITEMS_MAX = 20;
