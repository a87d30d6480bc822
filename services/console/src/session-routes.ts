/* /api/v1/session: who the page acts for. Without keys nobody has to say who they are, and everything is allowed. */
import type { FastifyInstance } from '@sluice/http';

/** What the page asks first. */
export interface SessionAnswer {
  /** A key has to be given (POST of the same path) before anything else answers. */
  readonly needed: boolean;
  /** Of the key that was given; null: none was. */
  readonly name: string | null;
  readonly scopes: readonly string[];
  /** Goes with every request of the page that changes something, as `X-Csrf-Token`; null: nothing has to. */
  readonly csrf: string | null;
}

const OPEN: SessionAnswer = { needed: false, name: null, scopes: ['read', 'operate'], csrf: null };

export function addSessionRoutes(app: FastifyInstance): void {
  app.get('/api/v1/session', { config: { scopes: 'open' } }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return OPEN;
  });
}
