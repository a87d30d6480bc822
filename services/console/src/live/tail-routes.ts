/*
  GET /api/v1/tail?connection=&item=&failed=: what happens, as it happens, as server-sent events: accepted, call, state,
  left-out (so many were not shown), away (Redis does not answer). It begins with `hello`, and with now.
*/
import {
  type Access,
  type Caller,
  CONNECTION_ID,
  type ConnectionView,
  ITEM_ID,
  mayUse,
  type TailStore,
} from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { refuse, refuseMember } from '../console-problems.ts';
import type { ShownConnection } from '../words/shown.ts';
import { createTailClients } from './tail-clients.ts';
import type { TailFilter } from './tail-events.ts';
import type { FleetWatch } from './watch-fleet.ts';
import { watchTail } from './watch-tail.ts';

export interface TailRouteParts {
  readonly store: TailStore;
  readonly fleet: Pick<FleetWatch, 'latest' | 'awaySinceMs'>;
  readonly show: (view: ConnectionView) => ShownConnection;
  readonly access: Pick<Access, 'callerOfKey'>;
  readonly isStopping: () => boolean;
  readonly shardTagOf: (connectionId: string) => string;
  readonly clock: () => number;
}

const CLIENTS_MAX = 20;
/** A token is not looked at again: who has one comes back. */
const TOKEN_MS_MAX = 300_000;

interface Query {
  readonly connection?: string;
  readonly item?: string;
  readonly failed?: string;
}

export function addTailRoutes(app: FastifyInstance, parts: TailRouteParts): void {
  const { store, fleet, show, access, isStopping, shardTagOf, clock } = parts;
  const clients = createTailClients(clock);
  const views = () => (fleet.awaySinceMs() === null ? (fleet.latest()?.views ?? []) : null);
  const watch = watchTail({ store, clients, views, show, shardTagOf, clock });

  app.addHook('preClose', (done) => {
    watch.stop();
    clients.end();
    done();
  });

  app.get<{ Querystring: Query }>('/api/v1/tail', ({ caller, query }, reply) => {
    if (isStopping()) throw refuse('stopping');
    const filter = readFilter(query, caller);
    if (clients.size() >= CLIENTS_MAX) throw refuse('too_many_pages');
    const response = reply.raw;
    reply.hijack();
    for (const [header, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(header, value);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // What a proxy holds back is not live.
      'x-accel-buffering': 'no',
    });
    const known =
      filter.connectionId === null || (views() ?? []).some(({ connectionId }) => connectionId === filter.connectionId);
    response.write(
      `event: hello\ndata: ${JSON.stringify({ event: 'hello', at: new Date().toISOString(), known })}\n\n`,
    );
    const untilMs = clock() + TOKEN_MS_MAX;
    const isStillAllowed = () => {
      if (isStopping()) return false;
      if (caller.kind === 'key') return access.callerOfKey(caller.id)?.scopes.includes('read') === true;
      return caller.kind === 'anybody' || clock() < untilMs;
    };
    clients.add({ response, filter, isStillAllowed, sees: (connectionId) => mayUse(caller, connectionId) });
    watch.begin();
  });
}

function readFilter({ connection, item, failed }: Query, caller: Caller): TailFilter {
  if (connection !== undefined && !CONNECTION_ID.test(connection)) {
    throw refuseMember('#/connection', 'connection must be 3 to 32 letters and digits, once.');
  }
  if (item !== undefined && !ITEM_ID.test(item)) {
    throw refuseMember('#/item', 'item must be 1 to 128 letters, digits, hyphens and underscores, once.');
  }
  if (failed !== undefined && failed !== 'true' && failed !== 'false')
    throw refuseMember('#/failed', 'failed must be true or false.');
  if (connection !== undefined && !mayUse(caller, connection)) throw refuse('connection_not_allowed');
  return { connectionId: connection ?? null, itemId: item ?? null, failedOnly: failed === 'true' };
}
