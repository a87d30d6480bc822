/*
  The operations of a random run, as data that can be played against any store, printed, and left out one by one. What an
  operation means depends on the store only through leases: it names them by their place among those taken so far.
*/
import type {
  AppendPiece,
  CallSettlement,
  DeadLetterFilter,
  EntrySettlement,
  Learning,
  PieceKey,
  TakeRequest,
} from '@sluice/core';

export type Operation =
  | { readonly op: 'append'; readonly piece: AppendPiece }
  | { readonly op: 'take'; readonly connectionId: string; readonly leaseId: string; readonly resend: Place | null }
  | {
      readonly op: 'settle';
      /** One that is not settled, or for `again` one that is. */
      readonly lease: Place;
      readonly again: boolean;
      /** For as many entries as a lease can have; the rest is not used. */
      readonly verdicts: readonly EntrySettlement[];
      readonly call: CallSettlement;
    }
  | {
      readonly op: 'learn';
      readonly connectionId: string;
      /** The bucket of its tenant, not its own. */
      readonly ofTenant: boolean;
      readonly versionsBehind: number;
      /** closedUntilMs from now on; 0 = none. */
      readonly closeMs: number;
      readonly learning: Pick<Learning, 'memory' | 'intervalUs' | 'latenessUs'>;
      readonly learnInMs: number;
    }
  | {
      readonly op: 'list' | 'replay' | 'discard';
      readonly connectionId: string;
      readonly choice: EndedChoice;
      readonly lookedAtMax: number;
      readonly chosenMax: number;
    }
  | {
      readonly op: 'erase';
      readonly connectionId: string;
      readonly performerId: string;
      /** Whether the mark is removed after the walk; else it stands until it goes by itself. */
      readonly ends: boolean;
    }
  | { readonly op: 'pause' | 'resume'; readonly connectionId: string }
  | { readonly op: 'forget'; readonly connectionId: string; readonly discardPending: boolean }
  | { readonly op: 'sweep'; readonly lateMs: number; readonly notWithinMs: number }
  | { readonly op: 'advance'; readonly ms: number };

/** By filter, from the cursor that the last such operation answered when `goOn`; or by id: of all that were ever listed, so that some are gone. */
export type EndedChoice =
  | { readonly filter: Omit<DeadLetterFilter, 'beforeMs'>; readonly endedMsAgo: number | null; readonly goOn: boolean }
  | { readonly places: readonly Place[] };

/** One of several leases (or listed entries): 0 the oldest, below 1 the newest. */
export type Place = number;

/** What stays the same within a run, as configuration does. */
export interface ModelSettings {
  readonly take: Omit<TakeRequest, 'connectionId' | 'tenantId' | 'leaseId'>;
  readonly append: Pick<AppendPiece, 'pendingMax' | 'connectionsMax' | 'receiptsMax' | 'dedupe'>;
  /** How many different Idempotency-Keys there are, and how they are remembered; keys 0 = no piece has one. */
  readonly keyed: { readonly keys: number } & Pick<PieceKey, 'windowMs' | 'keysMax'>;
  /** How many different ids the entries have; 0 = none has one. */
  readonly ids: number;
  readonly deadLettersMax: number;
  readonly items: readonly string[];
  /** Of one item in one piece. */
  readonly groupEntriesMax: number;
  readonly groupsMax: number;
  /** Appends among a hundred operations: below what takes can carry, or above. */
  readonly appendShare: number;
  /** How many different pairs the entries have. */
  readonly pairs: number;
}
