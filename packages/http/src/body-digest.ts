/* What a body was, in few bytes: for requests that may come again under a key. Others are not worth the time. */
import { hash } from 'node:crypto';
import type { FastifyRequest } from './fastify.ts';

const digests = new WeakMap<FastifyRequest, string>();

/** Of the decoded bytes; only for a request with an Idempotency-Key. */
export function digestBody(request: FastifyRequest, body: Uint8Array): void {
  if (request.headers['idempotency-key'] !== undefined) digests.set(request, hash('sha256', body, 'base64url'));
}

/** null: the body is not JSON that was read whole, or the request has no key. */
export function bodyDigestOf(request: FastifyRequest): string | null {
  return digests.get(request) ?? null;
}
