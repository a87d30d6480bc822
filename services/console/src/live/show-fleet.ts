/* A reading of the fleet as the page and the API show it: each connection, and the answers that concern all of them. */
import { type ConnectionView, formatInstant } from '@sluice/core';
import { type ConnectionFacts, round, showConnection } from '../describe-connection.ts';
import type { ShownConnection, ShownFleet, ShownTenant } from '../words/shown.ts';
import type { FleetReading, FleetWatch } from './watch-fleet.ts';

export interface ShowFleet {
  connections(reading: FleetReading): readonly ShownConnection[];
  fleet(reading: FleetReading): ShownFleet;
}

export interface ShowFleetParts {
  readonly rates: FleetWatch['rates'];
  readonly factsOf: (connectionId: string) => ConnectionFacts | null;
  readonly durability: () => string | null;
  readonly usefulWorkers: (reading: FleetReading) => number | null;
}

export function createShowFleet({ rates, factsOf, durability, usefulWorkers }: ShowFleetParts): ShowFleet {
  const show = (view: ConnectionView) => showConnection(view, rates.of(view.connectionId), factsOf(view.connectionId));
  return {
    connections: ({ views }) => views.map(show),
    fleet: (reading) => {
      const { nowMs, views, total, workers, tenants } = reading;
      const known = views.map((view) => rates.of(view.connectionId)).filter((each) => each !== null);
      const oldest = views.map((view) => view.oldestAcceptedMs).filter((ms) => ms !== null);
      return {
        at: formatInstant(nowMs),
        pending: sum(views, (view) => view.pending),
        oldestPendingAt: oldest.length === 0 ? null : formatInstant(oldest.reduce((a, b) => Math.min(a, b))),
        appendedPerSecond: known.length === 0 ? null : round(sum(known, (each) => each.appendedPerSecond)),
        deliveredPerSecond: known.length === 0 ? null : round(sum(known, (each) => each.deliveredPerSecond)),
        callsInFlight: sum(views, (view) => view.leases),
        deadLetters: sum(views, (view) => view.deadLetters),
        parkedEntries: sum(views, (view) => view.parkedEntries),
        connections: total,
        connectionsShown: views.length,
        durability: durability(),
        workers,
        usefulWorkers: usefulWorkers(reading),
        tenants: tenants.flatMap((each) => showTenant(each, nowMs)),
      };
    },
  };
}

/** Only a limit that is in force: without one there is nothing above the connections. */
function showTenant({ tenant, quota }: FleetReading['tenants'][number], nowMs: number): readonly ShownTenant[] {
  const { bucket, activeUntilMs } = quota;
  if (bucket === null || activeUntilMs <= nowMs) return [];
  return [
    {
      tenant,
      callsPerSecond: round(1e6 / bucket.intervalUs),
      closedUntil: bucket.closedUntilMs > nowMs ? formatInstant(bucket.closedUntilMs) : null,
      activeUntil: formatInstant(activeUntilMs),
    },
  ];
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}
