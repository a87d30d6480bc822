/* The watch for the webhook of the configuration; without one nobody looks. */
import type { Config } from '@sluice/config';
import { type Logger, limitLogs } from '@sluice/telemetry';
import type { FleetWatch } from '../live/watch-fleet.ts';
import { wordsOfConnection } from '../words-of-connection.ts';
import { postNotice } from './post-notice.ts';
import { type AlertParts, watchAlerts } from './watch-alerts.ts';

export interface OpenAlertParts {
  readonly config: Config;
  readonly store: AlertParts['store'];
  readonly fleet: FleetWatch;
  readonly logger: Logger;
}

export function openAlerts({ config, store, fleet, logger }: OpenAlertParts): { stop(): void } {
  const { webhookUrl: url, ageMs } = config.alerts;
  if (url === null) return { stop: () => {} };
  const stopping = new AbortController();
  const watch = watchAlerts({
    fleet,
    store,
    tenants: config.tenants.map(({ name }) => name),
    ageMs,
    wordsOf: (view) => {
      const { text, remedy } = wordsOfConnection(config, fleet, view);
      return remedy === null ? `${text}.` : `${text}. ${remedy}`;
    },
    tell: (notice) => postNotice(notice, { url, signal: stopping.signal }),
    onError: limitLogs(logger, 'the webhook was not told'),
  });
  return {
    stop: () => {
      watch.stop();
      stopping.abort();
    },
  };
}
