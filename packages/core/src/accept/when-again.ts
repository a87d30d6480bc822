/*
  accept: decides when a caller that was refused for want of room should come again: when what is too much has gone, at the
  rate at which it goes. Never at once, never in an hour, and not all callers in the same second.
*/

export interface WantOfRoom {
  /** What has to go before there is room. */
  readonly excess: number;
  /** How fast it goes; null: nobody knows, 0: nothing goes. */
  readonly perSecond: number | null;
  /** 0 to 1. */
  readonly chance: number;
}

const UNKNOWN_S = 10;
const SECONDS_MAX = 120;
/** Whoever is told the same moment comes at the same moment: so each is told up to half as much more. */
const JITTER_MAX = 0.5;

/** Whole seconds, 1 to 180. */
export function retryAfterS({ excess, perSecond, chance }: WantOfRoom): number {
  const plainS = perSecond === null ? UNKNOWN_S : Math.max(0, excess) / Math.max(perSecond, 0);
  const boundS = Math.min(Number.isNaN(plainS) ? 0 : plainS, SECONDS_MAX);
  return Math.max(1, Math.ceil(boundS * (1 + JITTER_MAX * chance)));
}
