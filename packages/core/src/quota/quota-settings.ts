/** What the operator set about the quota. */
export interface QuotaSettings {
  /** SLUICE_RATE_INITIAL, calls a second. */
  readonly rateInitial: number;
  /** SLUICE_RATE_MAX; null = no ceiling. */
  readonly rateMax: number | null;
  /** SLUICE_PROBE_BUDGET: share of the quota that looking for a higher limit may cost. */
  readonly probeBudget: number;
  /** SLUICE_QUOTA_SHARE: part of the learned quota that is used. */
  readonly share: number;
}

/** The lowest rate that is learned, calls a second: one try in five seconds finds out when a limit is raised again. */
export const RATE_MIN = 0.2;
/** The highest: the interval is a whole number of microseconds, and a finer one than ten of them is no longer even. */
export const RATE_MAX = 100_000;
