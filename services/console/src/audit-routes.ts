/* /api/v1/audit: who did what, the newest first. A key for some connections sees what was done on those. */
import { AUDIT_PAGE_MAX, type AuditLog, formatInstant, mayUse } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { fromStore, refuseMember } from './console-problems.ts';

const LIMIT_DEFAULT = 100;
const CURSOR_LENGTH_MAX = 64;

export function addAuditRoutes(app: FastifyInstance, log: AuditLog): void {
  app.get('/api/v1/audit', async (request, reply) => {
    const { limit, cursor } = request.query as { readonly limit?: unknown; readonly cursor?: unknown };
    const page = await fromStore(log.readDeeds({ cursor: readCursor(cursor), limit: readLimit(limit) }));
    reply.header('cache-control', 'no-store');
    const seen = page.entries.filter(({ connectionId }) => mayUse(request.caller, connectionId));
    return { entries: seen.map(({ atMs, ...entry }) => ({ ...entry, at: formatInstant(atMs) })), next: page.next };
  });
}

function readLimit(value: unknown): number {
  if (value === undefined) return LIMIT_DEFAULT;
  const limit = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= AUDIT_PAGE_MAX) return limit;
  throw refuseMember('#/limit', `limit must be a whole number from 1 to ${AUDIT_PAGE_MAX}.`);
}

function readCursor(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value.length <= CURSOR_LENGTH_MAX) return value;
  throw refuseMember('#/cursor', 'cursor must be the `next` of an earlier answer.');
}
