/*
  DELETE /api/v1/connections/{id}: a connection that nobody needs any more leaves every list. It must hold nothing; with
  `?pending=discard` what waits is discarded first, some thousands a request, as long as nothing of it can be delivered.
*/
import type { ActivityStore, ForgetRequest, ForgetResult } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { noteDetail } from './audit-deeds.ts';
import { fromStore, refuse, refuseMember } from './console-problems.ts';

export interface ForgetRouteParts {
  readonly store: Pick<ActivityStore, 'forget'>;
  readonly boundsOf: (connectionId: string) => Pick<ForgetRequest, 'entriesMax' | 'receiptTtlMs'>;
}

/** Pieces of 500 entries a request, a few milliseconds of Redis each. */
const PIECES_MAX = 20;
const RETRY_AFTER_S = '1';

type Named = { Params: { connectionId: string }; Querystring: Readonly<Record<string, unknown>> };

export function addForgetRoutes(app: FastifyInstance, { store, boundsOf }: ForgetRouteParts): void {
  app.delete<Named>('/api/v1/connections/:connectionId', async (request, reply) => {
    const { connectionId } = request.params;
    const step = { connectionId, discardPending: readPending(request.query), ...boundsOf(connectionId) };
    const { discarded, last } = await forgetInSteps(store, step);
    noteDetail(request, discarded === 0 ? '' : `${discarded} pending discarded`);
    const { status, pending, dead, parked } = last;
    if (status === 'unknown') throw refuse('connection_not_found');
    const held = { pending, deadLetters: dead, parkedEntries: parked };
    if (status === 'holds' || status === 'moving') throw refuse(`connection_${status}`, held);
    // What is in a call has to come to its end: whoever asked asks again.
    if (status === 'discarding') reply.code(202).header('retry-after', RETRY_AFTER_S);
    return { connectionId, forgotten: status === 'forgotten', discarded, ...held };
  });
}

async function forgetInSteps(
  store: ForgetRouteParts['store'],
  step: ForgetRequest,
): Promise<{ readonly discarded: number; readonly last: ForgetResult }> {
  const forget = (discardPending: boolean) => fromStore(store.forget({ ...step, discardPending }));
  let last = await forget(false);
  let discarded = 0;
  for (let piece = 0; piece < PIECES_MAX && step.discardPending && last.pending > 0; piece++) {
    last = await forget(true);
    discarded += last.discarded;
    if (last.discarded === 0) break;
  }
  if (last.status === 'discarding' && last.pending === 0) last = await forget(false);
  return { discarded, last };
}

function readPending(query: Readonly<Record<string, unknown>>): boolean {
  const unknown = Object.keys(query).find((name) => name !== 'pending');
  if (unknown !== undefined)
    throw refuseMember(`#/${unknown.slice(0, 64)}`, 'pending=discard is all that may be asked for.');
  const { pending } = query;
  if (pending === undefined) return false;
  if (pending === 'discard') return true;
  throw refuseMember('#/pending', 'pending must be "discard", or absent.');
}
