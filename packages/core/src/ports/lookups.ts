/*
  What operators look up inside a connection: its last calls, where its entries lie, and where those of one item are. Every
  look is bounded, however much is pending, and says where its bound was reached. Nothing is changed.
*/

/** What is kept of a call, for people: of the last calls of its connection, and longer of those not wholly delivered. */
export interface ToldCall {
  readonly itemId: string;
  /** What Graph answered, or why there was no answer: 200, timeout, reset. */
  readonly status: string;
  readonly requestId: string | null;
  /** In words; empty when everything was delivered. At most 300 characters. */
  readonly reason: string;
  readonly durationMs: number;
}

export interface SettledCall extends ToldCall {
  readonly leaseId: string;
  readonly atMs: number;
  /** What became of its entries: together they are the call. Unknown ones are among those retried or parked. */
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  readonly parked: number;
  /** The lease was over: what is said here changed no entry. */
  readonly stale: boolean;
}

/** A call of which nobody knows whether Graph applied it, or to which entries: recorded when that was found out. */
export interface UnknownCall {
  /** The record's own. */
  readonly id: string;
  /** The call's client-request-id. */
  readonly leaseId: string;
  /** null: its lease was gone when its answer came. */
  readonly itemId: string | null;
  readonly entries: number;
  /** In words, at most 300 characters; lease_reclaimed: its worker stopped. */
  readonly reason: string;
  /** null: recorded by a version that did not say when. */
  readonly atMs: number | null;
}

export interface WaitingItem {
  readonly itemId: string;
  /** Waiting for a call: not leased, not delayed. */
  readonly entries: number;
  readonly oldestAcceptedMs: number;
}

export interface ItemsView {
  readonly nowMs: number;
  /** Items with entries waiting. */
  readonly items: number;
  /** Of the ITEMS_LOOKED_AT fullest by the order that calls are made in, those with most entries. */
  readonly fullest: readonly WaitingItem[];
  readonly oldest: readonly WaitingItem[];
}

export interface ItemView {
  readonly nowMs: number;
  readonly waiting: number;
  /** The first ITEM_ENTRIES_SHOWN of them, as stored. */
  readonly entries: readonly string[];
  /** Items of the connection that have waited longer for a call; null: nothing of it waits. */
  readonly itemsBefore: number | null;
  readonly calls: readonly { readonly leaseId: string; readonly entries: number; readonly endsMs: number }[];
  readonly retries: readonly { readonly entries: number; readonly dueMs: number; readonly whole: boolean }[];
  /** Of so many retry groups of the connection at most RETRIES_LOOKED_AT were looked at, those due first. */
  readonly retryGroups: number;
  /** Null: it is not among the calls that are kept. */
  readonly lastCall: SettledCall | null;
}

export interface LookupStore {
  /** Newest first. errors: only those that were not wholly delivered. Empty for a connection that is not known. */
  settledCalls(connectionId: string, which: 'all' | 'errors', callsMax: number): Promise<readonly SettledCall[]>;
  /** Newest first, those before the record `beforeId` (null: from the newest on). About the last 10,000 are kept. */
  unknownCalls(connectionId: string, beforeId: string | null, callsMax: number): Promise<readonly UnknownCall[]>;
  /** At most itemsMax each. */
  items(connectionId: string, itemsMax: number): Promise<ItemsView>;
  item(connectionId: string, itemId: string): Promise<ItemView>;
}

/** At least so many calls are kept of a connection, and of those not wholly delivered. */
export const CALLS_KEPT = 200;
export const ITEMS_LOOKED_AT = 100;
export const ITEM_ENTRIES_SHOWN = 20;
export const RETRIES_LOOKED_AT = 500;
