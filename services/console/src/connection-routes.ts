/* /api/v1/connections: what operators see, and pause and resume. */
import { type ActivityStore, type ConnectionView, type DrainScheduler, formatInstant, mayUse } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { fromStore, refuse } from './console-problems.ts';
import { type ConnectionFacts, describeConnection } from './describe-connection.ts';
import type { FleetReading, FleetWatch } from './live/watch-fleet.ts';

export interface ConnectionRouteParts {
  readonly store: Pick<ActivityStore, 'connection' | 'connections' | 'connectionIds' | 'pause' | 'resume'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly fleet: Pick<FleetWatch, 'rates' | 'history' | 'latest'>;
  readonly usefulWorkers: (reading: FleetReading) => number | null;
  readonly factsOf: (connectionId: string) => ConnectionFacts | null;
}

type Named = { Params: { connectionId: string } };

export function addConnectionRoutes(app: FastifyInstance, parts: ConnectionRouteParts): void {
  const { store, scheduler, fleet, factsOf, usefulWorkers } = parts;
  const base = '/api/v1/connections';
  const describe = (view: ConnectionView) =>
    describeConnection(
      view,
      fleet.rates.of(view.connectionId),
      factsOf(view.connectionId),
      fleet.latest()?.workers ?? null,
    );
  function workersOf() {
    const reading = fleet.latest();
    return reading === null ? {} : { workers: reading.workers, usefulWorkers: usefulWorkers(reading) };
  }
  async function viewOf(connectionId: string): Promise<ConnectionView> {
    const view = await fromStore(store.connection(connectionId));
    if (view === null) throw refuse('connection_not_found');
    return view;
  }
  app.get(base, async (request, reply) => {
    const known = await fromStore(store.connectionIds());
    const ids = known.filter((id) => mayUse(request.caller, id)).sort();
    const views = await fromStore(store.connections(ids));
    reply.header('cache-control', 'no-store');
    // Of the last reading: how many workers there are, and how many are of use.
    return { connections: views.map(describe), ...workersOf() };
  });
  app.get<Named>(`${base}/:connectionId`, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    return describe(await viewOf(request.params.connectionId));
  });
  app.get<Named>(`${base}/:connectionId/history`, async (request, reply) => {
    const history = fleet.history.of(request.params.connectionId);
    reply.header('cache-control', 'no-store');
    if (history === null) {
      await viewOf(request.params.connectionId);
      return { since: null, times: [], series: {} };
    }
    const { sinceMs, timesMs, series } = history;
    return { since: formatInstant(sinceMs), times: timesMs, series };
  });
  app.post<Named>(`${base}/:connectionId/pause`, async (request) => {
    const { connectionId } = request.params;
    await viewOf(connectionId);
    await fromStore(store.pause(connectionId));
    return describe(await viewOf(connectionId));
  });
  app.post<Named>(`${base}/:connectionId/resume`, async (request) => {
    const { connectionId } = request.params;
    await viewOf(connectionId);
    const wakeAtMs = await fromStore(store.resume(connectionId));
    if (wakeAtMs !== null) await scheduler.wake(connectionId, wakeAtMs);
    return describe(await viewOf(connectionId));
  });
}
