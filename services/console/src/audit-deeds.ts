/*
  Every deed of an operator is written down after it was done and before it is answered: who, what, on what, and what came of
  it. What was refused is written down as well, except to those who did not say who they are. That the deed could not be
  written down does not undo it; then the log has it.
*/
import type { AuditedDeed, AuditLog, Caller } from '@sluice/core';
import type { FastifyInstance, FastifyRequest } from '@sluice/http';
import { digestOfPerformer } from './erasure/keep-erasures.ts';

export interface AuditParts {
  readonly log: AuditLog;
  readonly logger: {
    info(fields: Readonly<Record<string, unknown>>, text: string): void;
    warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  };
  /** Who asks has to say who they are. */
  readonly required: boolean;
}

export interface Audit {
  /** Never rejects. */
  record(request: FastifyRequest, deed: Deed): Promise<void>;
}

interface Deed {
  readonly caller: Caller;
  readonly action: string;
  readonly status: number;
}

const details = new WeakMap<FastifyRequest, string>();

/** What a route says of the deed, besides its path: a few words, no activity and no performer. */
export function noteDetail(request: FastifyRequest, detail: string): void {
  details.set(request, detail);
}

export function auditDeeds(app: FastifyInstance, parts: AuditParts): Audit {
  const audit = createAudit(parts);
  app.addHook('onSend', async (request, reply, payload) => {
    const action = actionOf(request);
    const { caller } = request;
    if (action === null || caller === undefined || (parts.required && caller.kind === 'anybody')) return payload;
    await audit.record(request, { caller, action, status: reply.statusCode });
    return payload;
  });
  return audit;
}

function createAudit({ log, logger }: AuditParts): Audit {
  return {
    record: async (request, { caller, action, status }) => {
      const deed: AuditedDeed = {
        who: caller.name,
        keyId: caller.kind === 'key' ? caller.id : '',
        action,
        connectionId: connectionOf(request),
        detail: details.get(request) ?? performerOf(request),
        outcome: status < 400 ? 'done' : status < 500 ? 'refused' : 'failed',
        status,
        requestId: request.id,
      };
      logger.info({ ...deed }, 'audit');
      try {
        await log.recordDeed(deed);
      } catch (error) {
        logger.warn({ err: error, ...deed }, 'a deed could not be written to the audit log; it stands here alone');
      }
    },
  };
}

/** Null: this is no deed. The last word of the route says what it does. */
function actionOf({ method, routeOptions }: FastifyRequest): string | null {
  const { url } = routeOptions;
  if (method === 'GET' || method === 'HEAD' || url === undefined) return null;
  // A session writes down itself: only then is it known whose it is.
  if (!url.startsWith('/api/v1/') || url === '/api/v1/session') return null;
  if (method === 'DELETE' && url.includes('/performers/')) return 'erase';
  if (method === 'DELETE' && url.endsWith('/connections/:connectionId')) return 'forget';
  const word = url.split('/').findLast((part) => part !== '' && !part.startsWith(':')) ?? url;
  return method === 'POST' ? word : `${method.toLowerCase()} ${word}`;
}

function connectionOf({ params }: FastifyRequest): string {
  const { connectionId } = (params ?? {}) as { readonly connectionId?: string };
  return connectionId ?? '';
}

/** Who was erased must not live on here: a digest tells whether it was this one, to who knows the id. */
function performerOf({ params, routeOptions }: FastifyRequest): string {
  if (!routeOptions.url?.includes('/performers/:')) return '';
  const [id] = Object.values((params ?? {}) as Record<string, string>);
  return `performer sha256:${digestOfPerformer(id ?? '')}`;
}
