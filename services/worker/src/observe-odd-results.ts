/*
  outcome: results that are not as documented are counted, and an error code that no rule names is shown once as it came:
  Graph's codes of single entries are undocumented, and only an operator can say what such a code means (`outcomes`).
*/
import type { Outcome } from '@sluice/core';
import type { Logger, Metrics } from '@sluice/telemetry';

export interface OddResultsParts {
  readonly metrics: Pick<Metrics, 'resultsOdd'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Codes are Graph's, so their number has no bound of its own; more than these are counted, not shown. */
const CODES_SHOWN_MAX = 200;

export function observeOddResults({ metrics, logger }: OddResultsParts) {
  const shown = new Set<string>();
  return (connectionId: string, { entries, call }: Outcome, requestId: string | null): void => {
    const of = (code: string) => entries.reduce((sum, entry) => sum + (entry.code === code ? 1 : 0), 0);
    const counts = {
      extra: call.extraResults,
      missing: call.wholeCall ? 0 : of('result_missing'),
      ambiguous: call.wholeCall ? 0 : of('result_ambiguous'),
      unlisted_code: call.unlisted.reduce((sum, error) => sum + error.entries, 0),
    } as const;
    for (const kind of ['extra', 'missing', 'ambiguous', 'unlisted_code'] as const)
      if (counts[kind] > 0) metrics.resultsOdd(connectionId, kind, counts[kind]);
    for (const { code, excerpt } of call.unlisted) {
      const name = code.toLowerCase();
      if (shown.has(name) || shown.size >= CODES_SHOWN_MAX) continue;
      shown.add(name);
      logger.warn(
        { connection: connectionId, code, error: excerpt, requestId },
        'Graph gave an error code that no rule names; its entries are retried. `outcomes` of the configuration can say what it means',
      );
    }
  };
}
