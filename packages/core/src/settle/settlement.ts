/** The plan for a whole batch: what the settle script carries out. Made by plan-settlement.ts. */
export interface Settlement {
  /** One per leased entry, in the lease's order: a partition of the batch. */
  readonly entries: readonly EntrySettlement[];
  readonly call: CallSettlement;
}

export type EntrySettlement =
  /** Delivered: removed. */
  | { readonly kind: 'ack' }
  /** Back to pending, not before delayMs from now. Entries with the same `group` stay together, in order. */
  | { readonly kind: 'requeue'; readonly delayMs: number; readonly counted: boolean; readonly group: number }
  | ({ readonly kind: 'deadLetter' } & SettledReason)
  | ({ readonly kind: 'park' } & SettledReason);

export interface SettledReason {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

/** What the call says about the connection. */
export interface CallSettlement {
  /** accepted: Graph took the call. refused: throttled, closes for the fleet for closeMs. none: says nothing about the quota. */
  readonly quota: 'accepted' | 'refused' | 'none';
  /** Nobody of the fleet calls for this long (Retry-After, a floor); 0 = no closure. */
  readonly closeMs: number;
  /** Raises (true), clears (false) or leaves (null) the count of failed calls in a row. */
  readonly failed: boolean | null;
  /** Stops the connection until a probe succeeds; null leaves things as they are. */
  readonly block: Block | null;
  /**
   * found: the call had a 2xx. missing: a 404. presumed: a 404 for which the connection is blocked only because no call of it
   * was ever found; void where one was found meanwhile. null: says nothing of it.
   */
  readonly target: 'found' | 'missing' | 'presumed' | null;
  /** Groups that were requeued as bisected halves are taken whole: each its own call, never mixed. */
  readonly groupsWhole: boolean;
  /** Entries whose fate nobody knows, with the reason; recorded under the lease id. Null: none. */
  readonly unknown: { readonly entries: number; readonly reason: string } | null;
}

/** A connection stopped by us. One call is let through each probeEveryMs; when Graph takes it, the block ends. */
export interface Block {
  readonly kind: 'held' | 'breaker';
  readonly reason: string;
  readonly probeEveryMs: number;
}
