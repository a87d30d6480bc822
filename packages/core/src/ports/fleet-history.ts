/*
  What consoles saw of the fleet in the last hour, one sample now and then, so that one that starts does not begin with nothing
  and two of them show the same. Nothing is decided by it: it is for the charts. What a sample says is the console's own.
*/

export interface FleetHistoryStore {
  /** Keeps a sample, unless one was kept within the last apartMs: several consoles look, one keeps. Answers whether it was kept. */
  keepFleetSample(sample: { readonly text: string; readonly apartMs: number }): Promise<boolean>;
  /** Oldest first, FLEET_SAMPLES_PAGE at most, without the first `from` of them. */
  fleetSamples(from: number): Promise<readonly string[]>;
}

/** More than an hour has; the oldest go first. An hour after the last, none is left. */
export const FLEET_SAMPLES_MAX = 150;
export const FLEET_SAMPLES_KEPT_MS = 3_600_000;
export const FLEET_SAMPLES_PAGE = 10;
