/* GET of a receipt: what became of the activities of one request. */
import { type ActivityStore, isReceiptId, mayUse, receiptIdOf } from '@sluice/core';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, httpProblem, ProblemError } from '@sluice/http';
import { refuse, storeUnavailable } from './answer-append.ts';
import { describeReceipt } from './describe-receipt.ts';
import { keyIdOf } from './request-key.ts';

export interface ReceiptRouteParts {
  readonly store: Pick<ActivityStore, 'receipt' | 'connection' | 'receiptRefOfKey'>;
  readonly callerOf: (request: FastifyRequest) => string;
  readonly shardTagOf: (connectionId: string) => string;
  /** How long Idempotency-Keys are remembered. */
  readonly keyMs: number;
  readonly lingerMsOf: (connectionId: string) => number;
  readonly limits: ReadLimits;
}

export interface ReadLimits {
  readonly readMsMax: number;
  readonly readsInFlightMax: number;
}

export const READ_LIMITS: ReadLimits = { readMsMax: 700, readsInFlightMax: 500 };

export function addReceiptRoutes(app: FastifyInstance, parts: ReceiptRouteParts): void {
  const { store, lingerMsOf } = parts;
  const read = boundReads(parts.limits);

  // Who sends may see what became of it; who looks may look.
  const config = { scopes: ['ingest', 'read'] } as const;

  async function describe(receiptId: string, { caller }: FastifyRequest, reply: FastifyReply) {
    const described = await read(async () => {
      const receipt = await store.receipt(receiptId);
      if (receipt === null) return null;
      if (!mayUse(caller, receipt.connectionId)) throw new ProblemError(NOT_ALLOWED);
      const connection = receipt.counts.pending > 0 ? await store.connection(receipt.connectionId) : null;
      return describeReceipt(receipt, connection, lingerMsOf(receipt.connectionId));
    });
    if (described === null) throw new ProblemError(refuse(404, 'receipt_expired'));
    reply.header('cache-control', 'no-store');
    return described;
  }

  app.get<{ Params: { receiptId: string } }>('/v1/receipts/:receiptId', { config }, (request, reply) => {
    const { receiptId } = request.params;
    if (!isReceiptId(receiptId)) throw new ProblemError(refuse(404, 'receipt_not_found'));
    return describe(receiptId, request, reply);
  });

  // For who has lost the answer, or hung up before there was one: the key and the path are all that it needs to know.
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/v1/receipts', { config }, async (request, reply) => {
    const { idempotencyKey, path } = request.query;
    const asked = typeof idempotencyKey === 'string' && typeof path === 'string';
    const id = asked ? keyIdOf(idempotencyKey, path, parts.callerOf(request)) : null;
    if (id === null) throw new ProblemError(refuse(400, 'receipt_query_invalid'));
    const connectionId = connectionIn(path as string);
    const key = { connectionId, id, windowMs: parts.keyMs };
    const ref = connectionId === '' ? null : await read(() => store.receiptRefOfKey(key));
    if (ref === null) throw new ProblemError(refuse(404, 'receipt_not_found'));
    const receiptId = receiptIdOf(parts.shardTagOf(connectionId), ref);
    reply.header('content-location', `/v1/receipts/${receiptId}`);
    return describe(receiptId, request, reply);
  });
}

/** Of the path that a request went to, ours or Graph's; empty: there is none in it. */
function connectionIn(path: string): string {
  return /\/connections\/([A-Za-z0-9]+)\//.exec(path)?.[1] ?? '';
}

/** That there is such a receipt tells nobody anything: its id cannot be guessed. */
const NOT_ALLOWED = {
  status: 403,
  code: 'connection_not_allowed',
  detail: 'This key is not allowed on the connection of this receipt.',
} as const;

/** Reads end in time or in a 503, and so many are under way at most; one given up counts until the store has let it go. */
function boundReads(limits: ReadLimits): <T>(read: () => Promise<T>) => Promise<T> {
  let inFlight = 0;
  return async (read) => {
    if (inFlight >= limits.readsInFlightMax)
      throw new ProblemError(httpProblem('overloaded', 'Too many reads wait for the store.'));
    inFlight++;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new ProblemError(storeUnavailable())), limits.readMsMax);
    const answer = read()
      .finally(() => {
        inFlight--;
      })
      .catch((error: unknown) => {
        if (error instanceof ProblemError) throw error;
        throw new ProblemError(storeUnavailable(), { cause: error });
      });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
