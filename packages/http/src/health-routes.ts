/* /health/live, /health/ready and /metrics. Live says that the process answers, whatever became of Redis or Graph. */
import type { Caller } from '@sluice/core';
import type { FastifyInstance } from 'fastify';
import { httpProblem, sendProblem } from './problem.ts';

/** `ready`, or why not in a sentence. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface HealthSources {
  readonly ready: () => Readiness;
  /** As far as this caller may see. */
  readonly metrics?: (caller: Caller) => Promise<{ readonly contentType: string; readonly text: string }>;
}

export function addHealthRoutes(app: FastifyInstance, sources: HealthSources, isStopping: () => boolean): void {
  const config = { scopes: 'open' } as const;
  app.get('/health/live', { config }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { status: 'live' };
  });
  app.get('/health/ready', { config }, async (_request, reply) => {
    const readiness: Readiness = isStopping() ? { ready: false, reason: 'This service is stopping.' } : sources.ready();
    if (!readiness.ready) return sendProblem(reply, httpProblem('not_ready', readiness.reason));
    reply.header('cache-control', 'no-store');
    return { status: 'ready' };
  });
  const { metrics } = sources;
  if (metrics === undefined) return;
  app.get('/metrics', async (request, reply) => {
    const { contentType, text } = await metrics(request.caller);
    return reply.header('content-type', contentType).header('cache-control', 'no-store').send(text);
  });
}
