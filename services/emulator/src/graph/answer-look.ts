/*
  GET of Graph's root and of a connection: what somebody who sets a connector up asks. Nothing is counted against a quota. A
  connection is there unless the behaviour says that it is not; Graph asks for another permission here than for activities.
*/
import { jsonAnswer, send } from '../http/send.ts';
import type { Exchange } from './answer-call.ts';
import { requestIdOf } from './answer-call.ts';
import { checkToken } from './check-token.ts';
import type { Refusal } from './graph-error.ts';
import { connectionIdProblem } from './ids.ts';
import { sendReply } from './send-reply.ts';

const CONNECTION_ROLES = [
  'ExternalConnection.ReadWrite.OwnedBy',
  'ExternalConnection.ReadWrite.All',
  'ExternalConnection.Read.All',
];

/** `connection`: null asks for the root. */
export function answerLook({ world, request, response }: Exchange, version: string, connection: string | null): void {
  const nowMs = world.clock.nowMs();
  const { authorization = null, host = '' } = request.headers;
  const token = checkToken(
    { authorization, host, arrivedMs: nowMs },
    {
      readToken: world.readToken,
      claims: world.behavior.token().claims,
      roles: connection === null ? [] : CONNECTION_ROLES,
    },
  );
  const requestId = requestIdOf(world, world.ledger.nextCall());
  const refusal = 'refusal' in token ? token.refusal : missing(world, connection);
  if (refusal !== null) {
    sendReply(response, { kind: 'refused', refusal }, { requestId, clientRequestId: null }, nowMs);
    return;
  }
  const context = `https://graph.microsoft.com/${version}/$metadata`;
  const body =
    connection === null
      ? { '@odata.context': context, value: [] }
      : {
          '@odata.context': `${context}#external/connections/$entity`,
          id: connection,
          name: connection,
          state: 'ready',
        };
  send(response, jsonAnswer(200, body, { 'request-id': requestId }), nowMs);
}

function missing({ behavior }: Exchange['world'], connection: string | null): Refusal | null {
  if (connection === null) return null;
  const problem = connectionIdProblem(connection);
  if (problem !== null) return { status: 400, code: 'invalidRequest', text: problem };
  if (!behavior.rulesOf(connection).connectionUnknown) return null;
  const text = `The external connection '${connection}' does not exist.`;
  return { status: 404, code: 'connectionNotFound', text };
}
