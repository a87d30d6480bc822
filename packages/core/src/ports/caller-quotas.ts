/*
  The quotas of callers, one for all intakes together. Each limit is a bucket that holds one second's worth and refills evenly.
  A request is granted whole or refused whole; one that is larger than the bucket is granted when the bucket is full, and those
  after it wait until it has been paid for. So over any time no more passes than the rate and one request.
*/
import type { CallerLimits } from '../access/caller.ts';

export interface Charge {
  /** Of the caller. */
  readonly callerId: string;
  readonly requests: number;
  readonly activities: number;
  readonly limits: CallerLimits;
}

export type Charged =
  | { readonly status: 'granted' }
  /** Nothing was charged; after this time the same charge is granted, if nobody else comes before. */
  | { readonly status: 'refused'; readonly retryAfterMs: number };

export interface CallerQuotas {
  /** Atomic. Not idempotent: an answer that was lost has been charged. */
  charge(charge: Charge): Promise<Charged>;
}
