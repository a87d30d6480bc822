/*
  How many calls of a connection may be in flight. The operator's maximum, until calls fail without being throttled (5xx,
  reset, timeout): then Graph has too much of us at once, and less of it at once is the only thing that helps. A 429 says
  nothing here: it is about calls a second, and the bucket learns from it. The settle script does exactly what
  countInFlight says, and take what inFlightMaxOf says; a randomised test compares them.
*/
import type { CallSettlement } from '../settle/settlement.ts';

export interface InFlightLimit {
  /** Millionths of a call, whole, so that every store rounds alike. null: the configured maximum. */
  readonly millionths: number | null;
  /** When a failure lowered it last, milliseconds since 1970; 0 = never. */
  readonly loweredAtMs: number;
}

export const IN_FLIGHT_UNLOWERED: InFlightLimit = { millionths: null, loweredAtMs: 0 };

const CALL = 1_000_000;
/** Calls that were in flight together fail together: they are one sign, not many. */
const LOWERED_AGAIN_MS = 1000;

/** Whole calls that may be in flight now. */
export function inFlightMaxOf({ millionths }: InFlightLimit, inFlightMax: number): number {
  return millionths === null ? inFlightMax : Math.min(inFlightMax, Math.floor(millionths / CALL));
}

/**
 * A failed call lowers the limit to seven tenths, never below one call, at most once a second. A call that Graph answered
 * raises it by one part in the limit: by one call for each round of as many calls as may be in flight.
 */
export function countInFlight(
  limit: InFlightLimit,
  { quota, failed }: Pick<CallSettlement, 'quota' | 'failed'>,
  { inFlightMax, nowMs }: { readonly inFlightMax: number; readonly nowMs: number },
): InFlightLimit {
  const max = inFlightMax * CALL;
  const now = Math.min(max, limit.millionths ?? max);
  if (quota === 'refused') return limit;
  if (failed === true) {
    if (nowMs - limit.loweredAtMs < LOWERED_AGAIN_MS) return limit;
    return { millionths: Math.max(CALL, Math.floor((now * 7) / (10 * CALL)) * CALL), loweredAtMs: nowMs };
  }
  if (quota !== 'accepted' || limit.millionths === null) return limit;
  const raised = now + Math.floor((CALL * CALL) / now);
  return { ...limit, millionths: raised >= max ? null : raised };
}
