/* Connections that nobody needs any more: a slip of the pen in a producer, or one that Graph no longer has. */

export interface ForgetRequest {
  readonly connectionId: string;
  /** What waits is discarded first, while the connection is paused or held. Dead letters and parked entries are not. */
  readonly discardPending: boolean;
  /** SLUICE_BATCH_MAX */
  readonly entriesMax: number;
  /** SLUICE_RECEIPT_TTL_MS */
  readonly receiptTtlMs: number;
}

export interface ForgetResult {
  /**
   * holds: it has entries that are neither delivered nor discarded; nothing changed. moving: it is neither paused nor held, so
   * what waits may be delivered at any moment and is not discarded. discarding: some of it was, FORGET_LOOKED_AT_MAX at most;
   * asked again, the rest goes, and at last the connection. What is in a call has to come to its end first.
   */
  readonly status: 'forgotten' | 'holds' | 'moving' | 'discarding' | 'unknown';
  /** What it holds now. */
  readonly pending: number;
  readonly dead: number;
  readonly parked: number;
  /** By this call. */
  readonly discarded: number;
}

export interface ForgetStore {
  /**
   * Takes a connection that holds nothing out of everything: counters, what was learned of its quota, its last calls, a
   * pause. Receipts stay, and count what was discarded. The next activity for it makes it anew. Sent again it answers
   * `unknown`.
   */
  forget(request: ForgetRequest): Promise<ForgetResult>;
}

export const FORGET_LOOKED_AT_MAX = 500;
