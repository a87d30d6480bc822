/* What the console says of connections, as JSON: the API's answers, the live stream, and what the page is drawn from. */

export interface ShownConnection {
  readonly connectionId: string;
  /** Sluice's name of the tenant it belongs to; null: the configuration no longer names it. */
  readonly tenant: string | null;
  readonly state: 'flowing' | 'idle' | 'closed' | 'paused' | 'held' | 'breaker';
  /** Of a hold and of an open breaker. */
  readonly reason: string | null;
  /** Since when it is paused, held or its breaker open. */
  readonly blockedSince: string | null;
  readonly pending: number;
  /** Entries in open calls, and how many calls those are. */
  readonly inFlight: number;
  readonly callsInFlight: number;
  /** Calls that may be in flight: the setting, or fewer while failures have lowered it. */
  readonly callsInFlightMax: number;
  /** Waiting for their next try. */
  readonly delayed: number;
  readonly oldestPendingAt: string | null;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly appended: number;
  readonly duplicates: number;
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  readonly parked: number;
  readonly replayed: number;
  /** Discarded, erased or expired, by where they lay. */
  readonly removed: { readonly pending: number; readonly dead: number; readonly parked: number };
  /** Too old to be worth a call when their turn came. */
  readonly expired: number;
  readonly unknown: number;
  readonly staleSettles: number;
  /** Of the last half minute; null: not watched for long enough. */
  readonly rates: {
    readonly appendedPerSecond: number;
    readonly deliveredPerSecond: number;
    readonly callsPerSecond: number;
    /** Entries a call carried; null: there was no call. */
    readonly fill: number | null;
  } | null;
  /** When a call was last seen to begin; null: none began while the console that answers looked. */
  readonly lastCallSeenAt: string | null;
  readonly quota: {
    /** What was learned. */
    readonly callsPerSecond: number;
    readonly closedUntil: string | null;
    /** When the last closure ends or ended; null: there was none. */
    readonly lastClosedUntil: string | null;
    readonly refusedInARow: number;
  } | null;
  /** The limit above all connections of its tenant, calls a second; null: none is in force. */
  readonly tenantCallsPerSecond: number | null;
  readonly timeToDrainSeconds: number | null;
  readonly timeToDrain: string;
}

/** The limit above the connections of a tenant, where Graph has shown one. */
export interface ShownTenant {
  readonly tenant: string;
  readonly callsPerSecond: number;
  readonly closedUntil: string | null;
  readonly activeUntil: string;
}

/** The answers to an operator's questions, of all connections together. */
export interface ShownFleet {
  readonly at: string;
  readonly pending: number;
  readonly oldestPendingAt: string | null;
  readonly appendedPerSecond: number | null;
  readonly deliveredPerSecond: number | null;
  readonly callsInFlight: number;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly connections: number;
  /** How many of them are shown. */
  readonly connectionsShown: number;
  readonly durability: string | null;
  /** How many workers there are. */
  readonly workers: number;
  /** How many workers the fleet can use now; null: not known. */
  readonly usefulWorkers: number | null;
  readonly tenants: readonly ShownTenant[];
}
