/*
  /api/v1/connections/{id}/unknown: calls that left the fate of entries unknown, newest first. Each is named by its
  client-request-id, by which whoever has Graph's own log can tell whether it was applied.
*/
import { type ActivityStore, formatInstant } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { fromStore, refuse, refuseMember } from './console-problems.ts';

type Asked = { Params: { connectionId: string }; Querystring: { limit?: unknown; cursor?: unknown } };

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
/** As the store names its records. */
const CURSOR = /^\d{1,15}-\d{1,10}$/;

export function addUnknownRoutes(
  app: FastifyInstance,
  { store }: { readonly store: Pick<ActivityStore, 'connection' | 'unknownCalls'> },
): void {
  app.get<Asked>('/api/v1/connections/:connectionId/unknown', async (request, reply) => {
    const { connectionId } = request.params;
    const limit = readLimit(request.query.limit);
    const cursor = readCursor(request.query.cursor);
    if ((await fromStore(store.connection(connectionId))) === null) throw refuse('connection_not_found');
    const calls = await fromStore(store.unknownCalls(connectionId, cursor, limit));
    reply.header('cache-control', 'no-store');
    return {
      unknown: calls.map(({ leaseId, itemId, entries, reason, atMs }) => {
        return { clientRequestId: leaseId, itemId, entries, reason, at: atMs === null ? null : formatInstant(atMs) };
      }),
      next: calls.length < limit ? null : (calls.at(-1)?.id ?? null),
    };
  });
}

function readLimit(value: unknown): number {
  if (value === undefined) return LIMIT_DEFAULT;
  const limit = Number(value);
  if (typeof value === 'string' && /^\d{1,4}$/.test(value) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw refuseMember('#/limit', `limit must be a whole number from 1 to ${LIMIT_MAX}.`);
}

function readCursor(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && CURSOR.test(value)) return value;
  throw refuse('cursor_invalid', { pointer: '#/cursor' });
}
