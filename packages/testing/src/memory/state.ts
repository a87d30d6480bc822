/* What the memory store remembers. Plain lists and maps, looked through from end to end where that is simpler. */

import {
  type AcceptedPiece,
  type AppendResult,
  type Block,
  type Bucket,
  type ErasureNote,
  IN_FLIGHT_UNLOWERED,
  type InFlightLimit,
  RETRY_SHARE_UNUSED,
  type ReceiptEntry,
  type RetryShare,
  type SeenWorker,
  type SettledCall,
  type SettledEntry,
  type UnknownCall,
} from '@sluice/core';
import type { Alert } from './alerts.ts';
import type { Tenant } from './tenant.ts';

/** A moment by the store's clock, in both units. One for each step. */
export interface Now {
  readonly us: number;
  readonly ms: number;
}

export interface State {
  readonly connections: Map<string, Connection>;
  readonly tenants: Map<string, Tenant>;
  /** By the part of their id that entries carry. */
  readonly receipts: Map<string, Receipt>;
  /** The last LANE_ANSWERS_MAX answers of each lane, by sequence. */
  readonly lanes: Map<string, Map<number, Appended>>;
  /** Oldest first. */
  idGenerations: IdGeneration[];
  /** When the last id came that was forgotten before its window was over; null: none was. */
  idsForgotten: { readonly lastMs: number; readonly windowMs: number } | null;
  readonly credentialExpiryMs: Map<string, number>;
  readonly alerts: Map<string, Alert>;
  readonly workers: Map<string, SeenWorker>;
  readonly samples: { readonly texts: string[]; lastMs: number | null };
  readonly erasureNotes: Map<string, ErasureNote & { readonly atMs: number }>;
  /** By the part of a receipt's id that entries carry. */
  readonly traces: Map<string, string>;
  /** Oldest first. */
  keyGenerations: KeyGeneration[];
  /** When the newest key came that had to make room for others; 0 = none had to. */
  keysCutMs: number;
  /** The last SETTLED_IDS_MAX lease ids whose call was counted. */
  readonly settledIds: Set<string>;
  lastSweepMs: number | null;
}

export type Appended = Extract<AppendResult, { acceptedMs: number }>;

export interface Connection {
  readonly id: string;
  /** Items with entries waiting; an item without any is not here. */
  readonly items: Map<string, Item>;
  /** Retries, whether their time has come or not. */
  groups: readonly Group[];
  readonly leases: Map<string, OpenLease>;
  /** For people, newest first. */
  settledCalls: readonly SettledCall[];
  /** For somebody who watches, oldest first; kept only while there is one. */
  acceptedPieces: readonly AcceptedPiece[];
  tailedUntilMs: number;
  /** Newest first. */
  unknownCalls: readonly UnknownCall[];
  /** Dead letters and parked entries, oldest end first. */
  settledEntries: readonly EndedEntry[];
  /** How many there have ever been. */
  endedEver: number;
  /** Performers who are being erased, folded. */
  readonly erasing: Map<string, ErasureMark>;
  bucket: Bucket | null;
  inFlightLimit: InFlightLimit;
  retryShare: RetryShare;
  /** The last call charged to its tenant's bucket; 0 = none. */
  grantedUs: number;
  /** The last call was of rule 1 or 2 (whole group, age bound), so the next looks at 3 and 4 first. */
  turnTaken: boolean;
  failedInARow: number;
  /** A call of it had a 2xx. */
  found: boolean;
  /** Calls answered 404 before one was found. */
  missed: number;
  pausedSinceMs: number | null;
  block: OpenBlock | null;
  /** How long the awake clock stood still, stillnesses that have not ended left out. */
  stillMs: number;
  /** By when somebody must call take; null: nobody needs to. */
  promiseMs: number | null;
  /** Until then take would only say no, so an append need not wake anybody earlier. */
  gateMs: number;
  readonly counts: Counts;
}

/** Ids remembered in the same stretch of time. */
export interface IdGeneration {
  readonly sinceMs: number;
  lastMs: number;
  readonly ids: Set<string>;
}

/** Idempotency-Keys that came in the same stretch of time. */
export interface KeyGeneration {
  readonly sinceMs: number;
  lastMs: number;
  readonly keys: Map<string, KeyedRequest>;
}

export interface KeyedRequest {
  readonly fingerprint: string;
  readonly receiptRef: string | null;
  appended: number;
  /** null: no piece is missing. */
  open: { readonly pieces: number; readonly owner: string; readonly untilMs: number } | null;
}

export interface Counts {
  appended: number;
  duplicates: number;
  delivered: number;
  retried: number;
  dead: number;
  parked: number;
  replayed: number;
  discardedPending: number;
  discardedDead: number;
  discardedParked: number;
  expired: number;
  erasedPending: number;
  erasedDead: number;
  erasedParked: number;
  unknown: number;
  calls: number;
  callEntries: number;
  staleSettles: number;
}

/** `nth` of all that ended on its connection. */
export interface EndedEntry extends SettledEntry {
  readonly nth: number;
}

export interface ErasureMark {
  endsMs: number;
  pending: number;
  dead: number;
  parked: number;
}

export interface Item {
  readonly entries: string[];
  /**
   * Equal pairs left only this many for the item's last call, and nothing came since that could change it: entries that
   * returned, or an append to an item without a full call's worth of entries. null: count the entries.
   */
  lastFill: number | null;
  /** A call of it was made, and nothing returned since: it waits from here on, or from its head's arrival if that is later. */
  waitsFromMs: number | null;
}

export interface Group {
  readonly id: string;
  readonly itemId: string;
  readonly dueMs: number;
  /** Taken as it is, as one call. */
  readonly whole: boolean;
  readonly entries: readonly string[];
}

export interface OpenLease {
  readonly id: string;
  readonly itemId: string;
  readonly entries: readonly string[];
  readonly whole: boolean;
  readonly probe: boolean;
  readonly epoch: number;
  readonly tenantEpoch: number;
  readonly takenMs: number;
  readonly expiresMs: number;
}

export interface OpenBlock extends Block {
  readonly sinceMs: number;
  readonly probeAtMs: number;
  /** Probes made so far. */
  readonly probes: number;
  /** Graph named the connection as missing. */
  readonly gone: boolean;
  /** The last one; another waits while it is open. */
  readonly probeLeaseId: string | null;
}

export interface Receipt {
  readonly id: string;
  readonly connectionId: string;
  readonly acceptedMs: number;
  complete: boolean;
  appended: number;
  delivered: number;
  dead: number;
  parked: number;
  rejected: number;
  discarded: number;
  erased: number;
  expired: number;
  duplicates: number;
  /** Of a stream: what came up to this line is counted and listed. */
  lastLine: number;
  entries: readonly ReceiptEntry[];
  /** null: not every entry has its end. */
  expiresMs: number | null;
  ttlMs: number;
}

export function emptyState(): State {
  return {
    connections: new Map(),
    tenants: new Map(),
    receipts: new Map(),
    lanes: new Map(),
    idGenerations: [],
    idsForgotten: null,
    credentialExpiryMs: new Map(),
    alerts: new Map(),
    workers: new Map(),
    samples: { texts: [], lastMs: null },
    erasureNotes: new Map(),
    traces: new Map(),
    keyGenerations: [],
    keysCutMs: 0,
    settledIds: new Set(),
    lastSweepMs: null,
  };
}

export function emptyConnection(id: string): Connection {
  return {
    id,
    items: new Map(),
    groups: [],
    leases: new Map(),
    settledCalls: [],
    acceptedPieces: [],
    tailedUntilMs: 0,
    unknownCalls: [],
    settledEntries: [],
    endedEver: 0,
    erasing: new Map(),
    bucket: null,
    inFlightLimit: IN_FLIGHT_UNLOWERED,
    retryShare: RETRY_SHARE_UNUSED,
    grantedUs: 0,
    turnTaken: false,
    failedInARow: 0,
    found: false,
    missed: 0,
    pausedSinceMs: null,
    block: null,
    stillMs: 0,
    promiseMs: null,
    gateMs: 0,
    counts: {
      appended: 0,
      duplicates: 0,
      delivered: 0,
      retried: 0,
      dead: 0,
      parked: 0,
      replayed: 0,
      discardedPending: 0,
      discardedDead: 0,
      discardedParked: 0,
      expired: 0,
      erasedPending: 0,
      erasedDead: 0,
      erasedParked: 0,
      unknown: 0,
      calls: 0,
      callEntries: 0,
      staleSettles: 0,
    },
  };
}

/** Not final: waiting, delayed or leased. */
export function pendingOf({ counts }: Connection): number {
  const { appended, replayed, delivered, dead, parked, expired, erasedPending, discardedPending } = counts;
  return appended + replayed - delivered - dead - parked - expired - erasedPending - discardedPending;
}

/** Entries go back to the head of their item, order kept. */
export function returnToHead(connection: Connection, itemId: string, entries: readonly string[]): void {
  const item = itemOf(connection, itemId);
  item.entries.unshift(...entries);
  item.lastFill = null;
  item.waitsFromMs = null;
}

/** An operator may pause a connection before its first entry; it is known from then on, but not before. */
export function knownConnections({ connections }: State): readonly Connection[] {
  return [...connections.values()].filter(({ counts }) => counts.appended > 0);
}

export function connectionOf(state: State, id: string): Connection {
  const existing = state.connections.get(id);
  if (existing !== undefined) return existing;
  const connection = emptyConnection(id);
  state.connections.set(id, connection);
  return connection;
}

export function itemOf(connection: Connection, itemId: string): Item {
  const known = connection.items.get(itemId);
  if (known !== undefined) return known;
  const item: Item = { entries: [], lastFill: null, waitsFromMs: null };
  connection.items.set(itemId, item);
  return item;
}

/** Keeps the newest `max` of what was added to a set or a map. */
export function forgetOldest(ring: Map<unknown, unknown> | Set<unknown>, max: number): void {
  for (const oldest of ring.keys()) {
    if (ring.size <= max) return;
    ring.delete(oldest);
  }
}
