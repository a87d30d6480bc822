/*
  Dead letters and parked entries: entries that have their end without being delivered. They are kept until somebody replays
  or discards them; nothing else removes them. Their bound is SLUICE_DEAD_LETTERS_MAX, both kinds together: at that many the
  connection is held, and the replay or discard that brings it below the bound ends that hold.
*/
import type { SettledReason } from '../settle/settlement.ts';

/** One dead letter or parked entry, as listed. */
export interface SettledEntry extends SettledReason {
  readonly id: string;
  readonly state: 'dead' | 'parked';
  readonly itemId: string;
  /** As it ended: its attempts are those that were counted until then. */
  readonly entry: string;
  readonly settledMs: number;
}

/** What is not said does not matter. */
export interface DeadLetterFilter {
  readonly state?: 'dead' | 'parked';
  readonly code?: string;
  readonly itemId?: string;
  /** Ended earlier than this. */
  readonly beforeMs?: number;
}

/** By filter from the cursor on (null: from the beginning), or by id: at most DEAD_LETTERS_CALL_MAX ids, unknown ones are passed over. */
export type DeadLetterChoice =
  | { readonly filter: DeadLetterFilter; readonly cursor: string | null }
  | { readonly ids: readonly string[] };

export interface ListDeadLetters {
  readonly connectionId: string;
  readonly choice: DeadLetterChoice;
  /** Entries looked at, 1 to DEAD_LETTERS_CALL_MAX: a filter that passes many of them over makes short pages. */
  readonly lookedAtMax: number;
  /** Entries chosen by filter, 1 or more: the next page begins after the last of them. */
  readonly chosenMax: number;
}

export interface DiscardDeadLetters extends ListDeadLetters {
  /** SLUICE_DEAD_LETTERS_MAX: below it the hold ends that began there. */
  readonly deadLettersMax: number;
}

export interface ReplayDeadLetters extends DiscardDeadLetters {
  /** SLUICE_PENDING_MAX */
  readonly pendingMax: number;
  /** SLUICE_BATCH_MAX: how many entries fill a call. */
  readonly entriesMax: number;
}

export type DeadLetterPage =
  /** A page may be empty and still not be the last. next null: there are no more of those that were there when it was begun. */
  | { readonly status: 'listed'; readonly entries: readonly SettledEntry[]; readonly next: string | null }
  | { readonly status: 'cursor-invalid' };

export type DeadLetterChange =
  | {
      /** full: the connection holds pendingMax entries; what did not fit is still listed, and `next` begins with it. */
      readonly status: 'done' | 'full';
      /** Looked at and chosen; of those chosen by filter only what was done, so that a caller who goes on can add up. */
      readonly matched: number;
      readonly done: number;
      /** Always null for ids. */
      readonly next: string | null;
      /** As append answers it. */
      readonly wakeAtMs: number | null;
    }
  | { readonly status: 'cursor-invalid' };

export interface DeadLetterStore {
  /** Oldest end first, the dead before the parked. Changes nothing. */
  deadLetters(request: ListDeadLetters): Promise<DeadLetterPage>;

  /**
   * replay: the chosen entries are pending again, at the tail of their items in the order of their ends, as if never tried
   * (attempts and first try are reset, the time of acceptance stays), and are counted as replayed. Their receipts count them
   * as pending and no longer list them; one that was to expire stays. Each is replayed once, also when asked twice or by two
   * at a time: who comes second does not find it. A run by filter ends with what was there when its first call came, so that
   * entries that end again meanwhile are not replayed in a circle. A paused connection takes them and wakes nobody.
   */
  replay(request: ReplayDeadLetters): Promise<DeadLetterChange>;

  /** discard: the chosen entries are removed for good; counters and receipts say so. Never answers full. */
  discard(request: DiscardDeadLetters): Promise<DeadLetterChange>;
}
