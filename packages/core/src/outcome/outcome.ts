import type { CallSettlement } from '../settle/settlement.ts';

/** What a reply means: for each entry, and for the connection. Made by read-reply.ts; planSettlement turns it into a plan. */
export interface Outcome {
  /** One per entry that was to be sent, in their order. */
  readonly entries: readonly EntryOutcome[];
  readonly call: CallOutcome;
}

/** delivered: Graph took it. retryable: it did not, and may. rejected: it never will. unknown: nobody knows; never guessed at. */
export type EntryVerdict = 'delivered' | 'retryable' | 'rejected' | 'unknown';

/** Whether a try uses up one of the entry's attempts. when-others-succeed: only if the connection works, so that an outage kills nothing. */
export type Counted = 'always' | 'never' | 'when-others-succeed';

export interface EntryOutcome {
  readonly verdict: EntryVerdict;
  /** Graph's most detailed code where it gave one, else ours. */
  readonly code: string;
  /** At most 300 characters. */
  readonly message: string;
  readonly requestId: string | null;
  readonly counted: Counted;
  /** It must not come back earlier than this from now. */
  readonly delayMsMin: number;
}

export interface CallOutcome {
  readonly certainty: 'not-sent' | 'maybe-sent' | 'sent';
  readonly quota: CallSettlement['quota'];
  readonly closure: Closure | null;
  /** The call raises (true), clears (false) or leaves (null) the count of failed calls in a row. */
  readonly failed: boolean | null;
  /** The connection is to be held: only an operator, or a probe that is taken, ends it. */
  readonly hold: { readonly code: string; readonly reason: string } | null;
  /** What the call shows of the connection: as in CallSettlement. */
  readonly target: CallSettlement['target'];
  /** Graph refused the call as a whole for what may be one entry's fault: split it in two. */
  readonly bisect: boolean;
  /** All entries share one verdict, which is about the call and not about them. */
  readonly wholeCall: boolean;
  /** Results that belong to no entry: ignored, but counted. */
  readonly extraResults: number;
  /** Errors of results with a code that no rule names, one of each code. */
  readonly unlisted: readonly UnlistedError[];
  /** In words, for logs: the answer's name, code and message. */
  readonly reason: string;
}

/** Graph's codes of single entries are not documented: what comes is to be seen by people, who may then write a rule. */
export interface UnlistedError {
  /** '' = it has none. */
  readonly code: string;
  readonly entries: number;
  /** The error of the first of them as it came, JSON, at most 1,000 characters. */
  readonly excerpt: string;
}

/** Nobody calls for a while. retry-after: as long as Graph asked. backoff: it did not say. brief: until a token may be had. */
export type Closure =
  | { readonly kind: 'retry-after'; readonly ms: number }
  | { readonly kind: 'backoff' }
  | { readonly kind: 'brief' };

/** For a lease of which nothing could be sent: no entry was readable, so no call was made. */
export const OUTCOME_OF_NO_CALL: Outcome = {
  entries: [],
  call: {
    certainty: 'not-sent',
    quota: 'none',
    closure: null,
    failed: null,
    hold: null,
    target: null,
    bisect: false,
    wholeCall: false,
    extraResults: 0,
    unlisted: [],
    reason: 'no call: no entry of the lease could be read',
  },
};
