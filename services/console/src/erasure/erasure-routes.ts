/*
  DELETE /api/v1/performers/{id}: a person is taken out of everything that is kept, on every connection. What takes longer than
  somebody waits for an answer goes on behind it, and its Location tells how far it is.
*/
import { setTimeout as sleep } from 'node:timers/promises';
import { isKeepableId } from '@sluice/core';
import type { FastifyInstance, FastifyReply } from '@sluice/http';
import { type Audit, noteDetail } from '../audit-deeds.ts';
import { fromStore, refuse, refuseMember } from '../console-problems.ts';
import { digestOfPerformer, type Erasure, type Erasures } from './keep-erasures.ts';

export interface ErasureRouteParts {
  readonly erasures: Erasures;
  readonly audit: Audit;
  /** How long somebody waits for an answer. */
  readonly answerMs?: number;
}

const ANSWER_MS = 2000;
const LOOK_AGAIN_S = '1';

export function addErasureRoutes(app: FastifyInstance, parts: ErasureRouteParts): void {
  const { erasures, audit, answerMs = ANSWER_MS } = parts;
  const config = { everyConnection: true } as const;
  app.delete<{ Params: { performerId: string } }>(
    '/api/v1/performers/:performerId',
    { config },
    async (request, reply) => {
      const { performerId } = request.params;
      if (!isKeepableId(performerId)) throw refuseMember('#/performerId', 'A performer’s id has 1 to 128 characters.');
      const begun = await erasures.begin(performerId);
      if (begun === null) throw refuse('too_many_erasures');
      const who = `performer sha256:${digestOfPerformer(performerId)}`;
      await Promise.race([...(begun.over === null ? [] : [begun.over]), sleep(answerMs)]);
      // One that another console walks is as its last note says.
      const erasure = begun.over === null ? ((await fromStore(erasures.find(begun.id))) ?? begun) : begun;
      if (erasure.state === 'failed') throw refuse('store_unavailable');
      const isOver = erasure.state !== 'running';
      noteDetail(request, `${who}: ${isOver ? describeEnd(erasure) : `${erasure.id} begun`}`);
      if (!isOver && erasure.over !== null) void recordEnd(erasure.over);
      return answer(reply, erasure);

      async function recordEnd(over: Promise<void>): Promise<void> {
        await over;
        const { caller } = request;
        if (caller === undefined) return;
        noteDetail(request, `${who}: ${erasure.id} ${describeEnd(erasure)}`);
        const status = erasure.state === 'failed' ? 503 : 200;
        await audit.record(request, { caller, action: 'erase', status });
      }
    },
  );
  app.get<{ Params: { erasureId: string } }>('/api/v1/erasures/:erasureId', { config }, async (request, reply) => {
    const erasure = await fromStore(erasures.find(request.params.erasureId));
    if (erasure === null) throw refuse('erasure_not_found');
    reply.header('cache-control', 'no-store');
    return describe(erasure);
  });
}

function answer(reply: FastifyReply, erasure: Erasure): object {
  reply.header('cache-control', 'no-store');
  if (erasure.state === 'running') {
    reply.status(202).header('location', `/api/v1/erasures/${erasure.id}`).header('retry-after', LOOK_AGAIN_S);
  }
  return describe(erasure);
}

function describe({ id, state, tally }: Erasure): object {
  return { erasureId: id, state, ...tally };
}

function describeEnd({ state, tally }: Erasure): string {
  const { pending, dead, parked } = tally.erased;
  const flying = tally.inFlight > 0 ? `, ${tally.inFlight} in flight` : '';
  return `${state}, ${pending} pending, ${dead} dead, ${parked} parked erased${flying}`;
}
