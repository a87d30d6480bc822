/*
  The store: where activities are kept between 202 and Graph. One implementation on Redis (packages/store), one in memory
  (packages/testing), one contract suite for both. Every method is one atomic step; every write is idempotent by the id
  named with it, because a client library may send a command again whose reply it did not see. All times are the store's
  clock, milliseconds since 1970.
*/
import type { Bucket, Learning } from '../quota/bucket.ts';
import type { TenantQuota } from '../quota/tenant-quota.ts';
import type { Settlement } from '../settle/settlement.ts';
import type { AlertStore } from './alerts.ts';
import type { DeadLetterStore } from './dead-letters.ts';
import type { ErasureStore } from './erasure.ts';
import type { ErasureNotes } from './erasure-notes.ts';
import type { FleetHistoryStore } from './fleet-history.ts';
import type { FleetNoteStore } from './fleet-notes.ts';
import type { ForgetStore } from './forget.ts';
import type { IdempotencyStore, KeyResult, PieceKey } from './idempotency.ts';
import type { LookupStore, ToldCall } from './lookups.ts';
import type { ReceiptWatchStore } from './receipt-watch.ts';
import type { TailStore } from './tail.ts';
import type { TraceStore } from './traces.ts';
import type { WorkerBeats } from './worker-beats.ts';

export interface ActivityStore
  extends DeadLetterStore,
    ErasureStore,
    AlertStore,
    TraceStore,
    ErasureNotes,
    FleetHistoryStore,
    FleetNoteStore,
    ForgetStore,
    IdempotencyStore,
    LookupStore,
    ReceiptWatchStore,
    TailStore,
    WorkerBeats {
  /**
   * append: stores one piece of a request (at most PIECE_ENTRIES_MAX entries). Idempotent by (lane, sequence): the same
   * piece again changes nothing and answers as the first time, with `again`.
   *
   * An entry whose id is remembered, or was in this piece before, is a duplicate: it is counted and not stored. What is
   * stored has its id remembered in the same step, for the window at least and at most half as long again. Ids lie in
   * generations by time: a new one begins when the last is half a window old or holds a quarter of idsMax; the oldest are
   * forgotten when none of their ids is younger than the window, or when all together hold more than idsMax.
   */
  append(piece: AppendPiece): Promise<AppendResult>;

  /**
   * batch: leases up to entriesMax entries of the item that is worth the next call most, if a call may be made now.
   * Binds late: nothing is grouped before the quota grants a call. Idempotent by lease id while the lease is open.
   *
   * Order of decisions: reclaim expired leases and bring back due retries (at most 4 each, of
   * retries fewer while calls fail: retry-share.ts); paused; held or breaker (one probe when its time
   * has come and no other of them is open); closed (the connection, or its tenant: then the connection closes alike); too many in flight; no token; then the item:
   *   1. a due whole group (a bisected half), at most every second call, as it is;
   *   2. the item that has waited longest when that is longer than ageBoundMs, at most every second call;
   *   3. of the best eight by (fill, then age): the first that is full or whose head waited lingerMs;
   *   4. the item that has waited longest, when that is lingerMs.
   * A probe looks first at the item that has waited nth longest, n one more with each probe of the stop (of at most 64, then
   * from the first again): one item that is refused must not keep the whole connection stopped.
   * 1 and 2 share one turn: after a call of 1 or 2 the next looks at 3 and 4 first, and comes to 1 and 2 only if those find nothing.
   * An item waits since its head was accepted. When a call leaves it a head older than ageBoundMs (and lingerMs), it has
   * waited just that long: it goes behind those that are over the bound already, so that neither a hot item nor one with
   * many equal pairs keeps their turn for itself.
   * An item is full with entriesMax entries. An item whose equal pairs left only m entries for its last call is as full as m.
   * Within an item: from the head, skipping entries whose pair (type, start) is already in this call; skipped ones keep
   * their place at the head. At most 3 rounds of reading.
   *
   * While the tenant's bucket is active, what was found goes only when that has a token as well and no other connection of
   * the tenant that is waiting for one was granted its last call earlier (tenant-quota.ts, wait-for-turn.ts): else `quota`.
   *
   * An entry that is too old (viewedAgeMaxMs) is removed when it is met at the head of what would be taken: its receipt and
   * the connection count it as expired. So is one whose performer is being erased (erasure.ts), counted as erased. An item or whole group of which only such entries were read costs no token, and
   * another is looked at; after eight of them the answer is `expired`.
   *
   * A refusal's untilMs is never later than the end of the first open lease: only a take finds that its worker died.
   */
  take(request: TakeRequest): Promise<TakeResult>;

  /**
   * settle: ends a lease and carries out its settlement. Idempotent by lease id (again). A lease that was reclaimed
   * changes no entry (stale), but what its call says about the quota still counts, once. When a probe is settled and the
   * stop goes on, the promise is not later than the next probe.
   */
  settle(request: SettleRequest): Promise<SettleResult>;

  /** Writes what the controller decided for bucket.version. False: another worker was first, or there is no bucket any more; nothing changed. */
  learn(connectionId: string, version: number, learning: Learning): Promise<boolean>;
  /** The same for the bucket of a tenant. */
  learnTenant(tenantId: string, version: number, learning: Learning): Promise<boolean>;

  /**
   * sweep: connections whose promise is overdue by more than lateMs, at most 100; each gets a new promise, so that two
   * sweeps do not find the same ones at once. Answers nothing when the last sweep is younger than notWithinMs.
   */
  sweep(request: { readonly lateMs: number; readonly notWithinMs: number }): Promise<readonly string[]>;

  /** The receipt with its counts; null: unknown or expired. */
  receipt(receiptId: string): Promise<ReceiptView | null>;

  /** Counts of one connection; null: it never had an entry. */
  connection(connectionId: string): Promise<ConnectionView | null>;
  /** The same of some, in their order; those that never had an entry are left out. */
  connections(connectionIds: readonly string[]): Promise<readonly ConnectionView[]>;

  connectionIds(): Promise<readonly string[]>;

  /** The limit above the connections of a tenant, as far as it is known. */
  tenantQuota(tenantId: string): Promise<TenantQuota>;

  pause(connectionId: string): Promise<void>;
  /** Ends a pause, a hold and an open breaker. Answers when to wake the connection, null: no need. */
  resume(connectionId: string): Promise<number | null>;
}

export interface AppendPiece {
  readonly connectionId: string;
  /** One life of one intake process, 1 to 32 of [A-Za-z0-9_-]; with sequence (rising from 1) it names the piece. */
  readonly lane: string;
  readonly sequence: number;
  /** null: the caller wants no receipt. */
  readonly receiptId: string | null;
  /** Goes into the receipt with the piece: what was refused before, once per request. */
  readonly rejected: number;
  readonly rejectedEntries: readonly RejectedEntry[];
  /** Duplicates of the request that were found before, once per request; absent: none. */
  readonly duplicates?: number;
  /** Entries as encodeEntry makes them, `accepted` unset, each group one item, order kept. May be empty (all rejected). */
  readonly groups: readonly AppendGroup[];
  /** How long ids are remembered, all connections together; absent: ids are not looked at. */
  readonly dedupe?: DedupeSettings;
  /** The request came with an Idempotency-Key. */
  readonly key?: PieceKey;
  /** Of a stream: its lines up to this one are decided with this piece. A receipt counts and lists each line once, however often it is sent. */
  readonly lastLine?: number;
  /** True for the last piece: the receipt is complete with it. */
  readonly last: boolean;
  readonly lingerMs: number;
  readonly entriesMax: number;
  /** SLUICE_PENDING_MAX */
  readonly pendingMax: number;
  /**
   * Entries that must find room below pendingMax: all of a request with its first piece, 0 with the later ones, so that a
   * request is refused before anything of it is stored. Absent: those of this piece.
   */
  readonly roomFor?: number;
  /** SLUICE_CONNECTIONS_MAX */
  readonly connectionsMax: number;
  /** SLUICE_RECEIPTS_MAX, SLUICE_RECEIPT_TTL_MS */
  readonly receiptsMax: number;
  readonly receiptTtlMs: number;
}

export interface AppendGroup {
  readonly itemId: string;
  readonly entries: readonly string[];
  /** One for each entry: a number below 2^63 in decimal that stands for connection, item and id, or null. Absent: none has one. */
  readonly ids?: readonly (string | null)[];
}

/** SLUICE_DEDUPE_WINDOW_MS, SLUICE_DEDUPE_MAX */
export interface DedupeSettings {
  readonly windowMs: number;
  readonly idsMax: number;
}

export interface RejectedEntry {
  readonly index: number;
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface StoredPiece {
  readonly status: 'appended' | 'again';
  readonly appended: number;
  /** Entries of the piece that were not stored, because their id was remembered. */
  readonly duplicates: number;
  readonly acceptedMs: number;
  /** Somebody must call take by then, and nobody promised to: add a wake-up. null: no need. Always null for `again`. */
  readonly wakeAtMs: number | null;
  /** How far back Idempotency-Keys are remembered; null: the piece has none, or it is `again`. */
  readonly keptMs: number | null;
}

export type AppendResult =
  | StoredPiece
  | KeyResult
  /** Stored, but no replica confirmed it in time: only of a store that was told to wait for one. */
  | { readonly status: 'not-replicated'; readonly stored: StoredPiece | Extract<KeyResult, { status: 'replayed' }> }
  /** Nothing changed: the connection holds pendingMax entries, or the store knows connectionsMax connections. */
  /** connection-missing: Graph named it as missing, and neither an operator nor a probe ended the hold. */
  | { readonly status: 'full' | 'connection-missing' | 'too-many-connections'; readonly pending: number };

export interface TakeRequest {
  readonly connectionId: string;
  /** Whose connection it is: Sluice's name of the tenant. */
  readonly tenantId: string;
  /** Made by the worker, unique; the call's client-request-id. */
  readonly leaseId: string;
  readonly leaseMs: number;
  /** A lease younger than this is a call in flight. */
  readonly callTimeoutMs: number;
  readonly lingerMs: number;
  readonly ageBoundMs: number;
  readonly entriesMax: number;
  /** SLUICE_INFLIGHT_MAX; fewer while failures have lowered it (in-flight-limit.ts). */
  readonly inFlightMax: number;
  /** What happens to the entries of an expired lease. */
  readonly unknownPolicy: 'retry' | 'park';
  /** A `viewed` that began longer ago is expired when its turn comes: no call, no dead letter. null: none is too old. */
  readonly viewedAgeMaxMs: number | null;
  /** The interval of a bucket that has learned nothing yet. */
  readonly intervalInitialUs: number;
}

export type TakeResult = Lease | TakeRefusal;

export interface Lease {
  readonly status: 'leased';
  readonly leaseId: string;
  readonly itemId: string;
  /** Entries as stored, 1 to entriesMax, no two with the same pair. */
  readonly entries: readonly string[];
  readonly why: 'whole' | 'bound' | 'best' | 'oldest' | 'again';
  /** This group came whole (a bisected half). */
  readonly whole: boolean;
  readonly epoch: number;
  /** The epoch of the tenant's bucket, whether that is active or not. */
  readonly tenantEpoch: number;
  /** Closures in a row of the connection or of its tenant, whichever are more. */
  readonly refusedInARow: number;
  readonly failedInARow: number;
  /** Calls of the connection that were answered 404, when none of it ever had a 2xx; null: one had. */
  readonly missedBefore: number | null;
  /** The connection is held or its breaker is open, and this is the one call that probes it. */
  readonly probe: boolean;
  /** The connection's awake clock now, milliseconds. It stands still while paused, held, closed or with an open breaker. */
  readonly awakeMs: number;
  /** The store's clock at the take; the lease ends leaseMs later. */
  readonly nowMs: number;
  readonly learn: Bucket | null;
  readonly learnTenant: Bucket | null;
}

export interface TakeRefusal {
  readonly status: 'waiting';
  /** expired: eight items in a row had only entries that expired or were erased; there may be more, so ask again. */
  readonly reason:
    | 'empty'
    | 'paused'
    | 'held'
    | 'breaker'
    | 'closed'
    | 'inflight'
    | 'quota'
    | 'linger'
    | 'retry'
    | 'expired';
  /** When it may be different; the store's clock. null: only when something else happens (append, resume, settle). */
  readonly untilMs: number | null;
  /** The store's clock at the refusal: untilMs − nowMs is how long to wait. */
  readonly nowMs: number;
  readonly learn: Bucket | null;
  readonly learnTenant: Bucket | null;
}

export interface SettleRequest {
  readonly connectionId: string;
  readonly tenantId: string;
  readonly leaseId: string;
  readonly epoch: number;
  readonly tenantEpoch: number;
  readonly settlement: Settlement;
  /** SLUICE_DEAD_LETTERS_MAX: with that many dead letters and parked entries the connection is held. */
  readonly deadLettersMax: number;
  readonly receiptTtlMs: number;
  /** SLUICE_BATCH_MAX: how many entries fill a call. */
  readonly entriesMax: number;
  /** SLUICE_INFLIGHT_MAX: what calls that Graph answers raise the calls in flight to, after failures lowered them. */
  readonly inFlightMax: number;
  /** Kept for people to look up; absent: there was no call. */
  readonly told?: ToldCall;
}

export interface SettleResult {
  readonly status: 'settled' | 'again' | 'stale';
  readonly wakeAtMs: number | null;
  /** The store's clock at the settlement. */
  readonly nowMs: number;
  readonly learn: Bucket | null;
  readonly learnTenant: Bucket | null;
}

export interface ReceiptView {
  readonly receiptId: string;
  readonly connectionId: string;
  readonly acceptedMs: number;
  /** Every entry has its end. */
  readonly final: boolean;
  /** Every piece of the request was stored. */
  readonly complete: boolean;
  /** Of a stream: all lines up to this one are decided. 0: it was none. */
  readonly lastLine: number;
  /** Of the pending ones those that wait for the time of their retry, and the first such time; null: none does. Not more than a hundred groups of retries are looked at. */
  readonly retrying: { readonly entries: number; readonly fromMs: number } | null;
  readonly counts: {
    readonly pending: number;
    readonly inFlight: number;
    readonly delivered: number;
    readonly dead: number;
    readonly parked: number;
    readonly discarded: number;
    readonly erased: number;
    readonly expired: number;
    readonly rejected: number;
    readonly duplicates: number;
  };
  /** Rejected, dead and parked entries by their index; the first RECEIPT_ENTRIES_MAX that came. Replayed and discarded ones are not here. */
  readonly entries: readonly ReceiptEntry[];
  readonly entriesTotal: number;
}

export interface ReceiptEntry {
  readonly index: number;
  readonly state: 'rejected' | 'dead' | 'parked';
  readonly itemId: string | null;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly attempts: number;
  /** Only of rejected ones. */
  readonly pointer: string | null;
}

/**
 * At any moment appended + replayed = delivered + dead + parked + expired + erasedPending + discardedPending + pending, and
 * deadLetters + parkedEntries = dead + parked − replayed − discardedDead − discardedParked − erasedDead − erasedParked.
 */
export interface ConnectionView {
  readonly connectionId: string;
  readonly nowMs: number;
  /** Not final: waiting, delayed or leased. */
  readonly pending: number;
  /** Entries in open leases, and how many leases those are. */
  readonly leased: number;
  readonly leases: number;
  readonly delayed: number;
  readonly oldestAcceptedMs: number | null;
  readonly appended: number;
  /** Never stored, so in no other count. */
  readonly duplicates: number;
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  readonly parked: number;
  readonly replayed: number;
  readonly discardedPending: number;
  readonly discardedDead: number;
  readonly discardedParked: number;
  /** Not delivered, because they were too old when their turn came. */
  readonly expired: number;
  /** Removed because their performer was erased, by where they lay. */
  readonly erasedPending: number;
  readonly erasedDead: number;
  readonly erasedParked: number;
  readonly unknown: number;
  /** Leases that were granted, ever, and the entries in them: a call is as full as callEntries ÷ calls. */
  readonly calls: number;
  readonly callEntries: number;
  readonly staleSettles: number;
  /** Kept now: ended as dead letter or parked, neither replayed nor discarded. */
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly state: 'flowing' | 'idle' | 'closed' | 'paused' | 'held' | 'breaker';
  readonly reason: string | null;
  /** Since when it stands still because it is paused, held or its breaker is open; null: it is none of these. */
  readonly blockedSinceMs: number | null;
  readonly bucket: Bucket | null;
  /** Calls that may be in flight after failures; null: as many as are configured. */
  readonly inFlightLimit: number | null;
}
