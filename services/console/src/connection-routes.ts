/* /api/v1/connections: what operators see, and pause and resume. */
import type { ActivityStore, ConnectionView, DrainScheduler } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { fromStore, refuse } from './console-problems.ts';
import { describeConnection } from './describe-connection.ts';
import { readConnections } from './read-connections.ts';
import type { RateWatch } from './watch-rates.ts';

export interface ConnectionRouteParts {
  readonly store: Pick<ActivityStore, 'connection' | 'connectionIds' | 'pause' | 'resume'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly rates: Pick<RateWatch, 'of'>;
}

type Named = { Params: { connectionId: string } };

export function addConnectionRoutes(app: FastifyInstance, { store, scheduler, rates }: ConnectionRouteParts): void {
  const base = '/api/v1/connections';
  const describe = (view: ConnectionView) => describeConnection(view, rates.of(view.connectionId));
  async function viewOf(connectionId: string): Promise<ConnectionView> {
    const view = await fromStore(store.connection(connectionId));
    if (view === null) throw refuse('connection_not_found');
    return view;
  }
  app.get(base, async (_request, reply) => {
    const ids = [...(await fromStore(store.connectionIds()))].sort();
    const views = await fromStore(readConnections(store, ids));
    reply.header('cache-control', 'no-store');
    return { connections: views.map(describe) };
  });
  app.get<Named>(`${base}/:connectionId`, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    return describe(await viewOf(request.params.connectionId));
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
