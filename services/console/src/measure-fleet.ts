/* The whole fleet as its series tell it: every connection's view, and what belongs to none of them. */
import { type Config, connectionSettings, DURABILITIES } from '@sluice/config';
import {
  type ActivityStore,
  activeBucket,
  type ConnectionLoad,
  type ConnectionView,
  type FleetNotes,
  intervalInitialUs,
  usefulWorkers,
} from '@sluice/core';
import type { Fleet } from '@sluice/telemetry';
import type { RateBook } from './live/rate-book.ts';
import type { FleetReading } from './live/watch-fleet.ts';

export interface FleetParts {
  readonly config: Config;
  readonly store: Pick<ActivityStore, 'connections' | 'connectionIds' | 'fleetNotes' | 'tenantQuota'>;
  readonly rates: Pick<RateBook, 'of'>;
  /** What Redis says of itself; null: not known yet. */
  readonly durability: () => string | null;
}

export async function measureFleet({ config, store, rates, durability }: FleetParts): Promise<Fleet> {
  const [notes, connections] = await Promise.all([
    store.fleetNotes(),
    store.connectionIds().then((ids) => store.connections(ids)),
  ]);
  const tenants = await Promise.all(
    config.tenants.map(async ({ name }) => ({ tenant: name, quota: await store.tenantQuota(name) })),
  );
  return {
    connections,
    durability: durabilityOf(durability(), config),
    credentialExpiryMs: new Map([...notes.credentialExpiryMs].filter(([name]) => isTenant(config, name))),
    dedupeWindowMs: dedupeWindowOf(notes, config),
    usefulWorkers: countUsefulWorkers({ nowMs: notes.nowMs, views: connections, tenants }, config, rates),
  };
}

/** What a reading of the fleet says of how many workers it can use now. */
export function countUsefulWorkers(
  { nowMs, views, tenants }: Pick<FleetReading, 'nowMs' | 'views' | 'tenants'>,
  config: Config,
  rates: FleetParts['rates'],
): number {
  const limits = tenants.flatMap(({ tenant, quota }) => {
    const bucket = activeBucket(quota, nowMs);
    return bucket === null ? [] : [[tenant, 1e6 / bucket.intervalUs] as const];
  });
  return usefulWorkers({
    connections: views.map((view) => loadOf(view, config, rates)),
    tenantCallsPerSecond: new Map(limits),
    workerCallsMax: config.workerCallsMax,
  });
}

/** Of a connection that the configuration no longer names nothing can be called: its load counts as the first tenant's. */
function loadOf(view: ConnectionView, config: Config, rates: FleetParts['rates']): ConnectionLoad {
  const { tenant, settings } = connectionSettings(config, view.connectionId) ?? {
    tenant: config.tenants[0]!,
    settings: config.tenants[0]!.settings,
  };
  const { state, pending, delayed, bucket, inFlightLimit } = view;
  return {
    tenant: tenant.name,
    state,
    pending,
    delayed,
    callsPerSecond: 1e6 / (bucket?.intervalUs ?? intervalInitialUs(settings.quota)),
    inFlightMax: Math.min(settings.inFlightMax, inFlightLimit ?? settings.inFlightMax),
    callSeconds: rates.of(view.connectionId)?.callSeconds ?? null,
  };
}

function durabilityOf(level: string | null, { durability, durabilityAssume }: Config): Fleet['durability'] {
  if (level === null) return null;
  const levels: readonly string[] = DURABILITIES;
  // An operator's word counts only where Redis could not say anything.
  const vouched = level === 'unknown' && durabilityAssume !== null ? durabilityAssume : level;
  return { level, kept: levels.indexOf(vouched) >= levels.indexOf(durability) };
}

function dedupeWindowOf({ nowMs, idsForgottenMs }: FleetNotes, { dedupe, dedupeWindowMs }: Config): number | null {
  if (dedupe === 'off') return null;
  return Math.min(dedupeWindowMs, idsForgottenMs === null ? dedupeWindowMs : nowMs - idsForgottenMs);
}

/** One that was there once has no alert to give. */
function isTenant({ tenants }: Config, name: string): boolean {
  return tenants.some((tenant) => tenant.name === name);
}
