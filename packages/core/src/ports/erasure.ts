/*
  Erasure: a performer is taken out of everything that is kept: what waits, retries, dead letters, parked entries and their
  lines in receipts. Connection by connection, in walks of bounded steps; deliveries go on meanwhile.

  A walk marks the performer first. While the mark stands no take leases an entry of the performer: what it meets is erased
  there and then. So entries can only come out of leases that were open before, and a walk that saw none of them in a lease
  has seen all there are. A walk that saw some is repeated when those calls have ended. What is accepted after the first step
  may be erased or not: an erasure is no block.
*/

export interface ErasureStep {
  readonly connectionId: string;
  /** As activities name it. A GUID is met in upper and lower case; anything else exactly as it is. */
  readonly performerId: string;
  /** Where the last step of this walk ended; null begins a walk. */
  readonly cursor: string | null;
  /** SLUICE_DEAD_LETTERS_MAX: below it the hold ends that began there. */
  readonly deadLettersMax: number;
  /** SLUICE_BATCH_MAX */
  readonly entriesMax: number;
  /** What happens to the entries of an expired lease: a walk brings back what a stopped worker left behind. */
  readonly unknownPolicy: 'retry' | 'park';
  /** SLUICE_RECEIPT_TTL_MS */
  readonly receiptTtlMs: number;
}

/** By where they lay. */
export interface ErasedEntries {
  readonly pending: number;
  readonly dead: number;
  readonly parked: number;
}

export type ErasureResult =
  | {
      readonly status: 'walked';
      /** null: the walk came to its end. */
      readonly cursor: string | null;
      /** The performer's entries in the leases that this step looked at. The sum over a walk must be 0 for it to be the last. */
      readonly inFlight: number;
      /** Since the performer was marked, whoever erased them: steps of any walk, and takes. */
      readonly erased: ErasedEntries;
      /** As append answers it. */
      readonly wakeAtMs: number | null;
    }
  /** The mark of this walk is gone: nothing changed, and a new walk has to begin. */
  | { readonly status: 'lapsed' }
  /** ERASURES_MAX performers are being erased on this connection; nothing changed. */
  | { readonly status: 'busy' };

export interface GapsStep {
  readonly connectionId: string;
  readonly state: 'dead' | 'parked';
  /** Where the last step ended; null begins. */
  readonly cursor: string | null;
}

export type GapsResult =
  | { readonly status: 'copied'; readonly cursor: string }
  /** Nothing is left of what was taken out. */
  | { readonly status: 'closed' }
  /** The list changed meanwhile, or somebody else began: to be begun anew. */
  | { readonly status: 'changed' };

export interface ErasureStore {
  /** erase: one step. Looks at ERASE_LOOKED_AT_MAX entries or little more. Sent again it changes nothing that it had changed. */
  erase(step: ErasureStep): Promise<ErasureResult>;
  /** Removes the mark: the erasure is over. Without it the mark goes by itself, ERASURE_MARK_MS after its last step. */
  endErasure(connectionId: string, performerId: string): Promise<void>;
  /**
   * One step of giving back what dead letters or parked entries took that are gone. A list may keep their bytes among those of
   * the others, where a copy of the store would show them.
   */
  closeGaps(step: GapsStep): Promise<GapsResult>;
}

/** A few milliseconds of Redis. */
export const GAPS_COPIED_MAX = 500;
/** What a console that was stopped had copied goes by itself. */
export const GAPS_KEPT_MS = 60_000;

/** Of one connection at a time. */
export const ERASURES_MAX = 16;
export const ERASURE_MARK_MS = 60_000;
/** As with dead letters: 500 took Redis longer than others should wait. */
export const ERASE_LOOKED_AT_MAX = 250;
