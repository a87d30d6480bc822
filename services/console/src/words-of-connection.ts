/* What is said of a connection beside its own view: the configuration it has, the limit above it, how fast it goes. */
import { type Config, connectionSettings } from '@sluice/config';
import { activeBucket, type ConnectionView } from '@sluice/core';
import { type ConnectionFacts, showConnection } from './describe-connection.ts';
import type { FleetWatch } from './live/watch-fleet.ts';
import { type StateWords, stateWords } from './words/state-words.ts';

/** Null: the configuration does not name it. */
export function factsOfConnection(
  config: Config,
  fleet: Pick<FleetWatch, 'latest'>,
  connectionId: string,
): ConnectionFacts | null {
  const inForce = connectionSettings(config, connectionId);
  if (inForce === null) return null;
  const { name } = inForce.tenant;
  const reading = fleet.latest();
  const quota = reading?.tenants.find(({ tenant }) => tenant === name)?.quota;
  const bucket = reading === null || quota === undefined ? null : activeBucket(quota, reading.nowMs);
  return {
    tenant: name,
    inFlightMax: inForce.settings.inFlightMax,
    tenantCallsPerSecond: bucket === null ? null : 1e6 / bucket.intervalUs,
  };
}

export function wordsOfConnection(
  config: Config,
  fleet: Pick<FleetWatch, 'latest' | 'rates'>,
  view: ConnectionView,
): StateWords {
  const { connectionId, nowMs } = view;
  const facts = factsOfConnection(config, fleet, connectionId);
  return stateWords(showConnection(view, fleet.rates.of(connectionId), facts), nowMs, fleet.latest()?.workers);
}
