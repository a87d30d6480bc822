import type { Bucket, Learning } from './bucket.ts';

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

/** The interval of a bucket nobody has learned anything about yet. */
export function intervalInitialUs(settings: QuotaSettings): number {
  return Math.round(
    1e6 / (Math.min(settings.rateInitial, settings.rateMax ?? Number.POSITIVE_INFINITY) * settings.share),
  );
}

/** The controller: looks at the bucket's window and decides the rate until the next look. Pure. */
export function learnQuota(bucket: Bucket, settings: QuotaSettings, nowMs: number): Learning {
  const slower = bucket.refusal === null ? bucket.intervalUs : bucket.intervalUs * 1.25;
  const intervalUs = Math.round(Math.min(slower, 1e6 / (0.2 * settings.share)));
  return { memory: '', intervalUs, learnAtMs: nowMs + 1000, closedUntilMs: 0 };
}
