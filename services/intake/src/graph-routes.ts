/*
  Graph's own path: a client that sends activities to Graph sends them here when its base URL is changed, and is answered
  in Graph's shape. A success says that they are stored, not yet that Graph has them, unless the client asks to wait
  (Prefer: wait). Everything else of Graph is refused as not supported, so that a client which needs more than this is told at once.
*/
import { type CheckedBody, CONNECTION_ID, checkBody, REJECTIONS, type ReceiptView } from '@sluice/core';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HttpServer,
  httpProblem,
  type Problem,
  ProblemError,
  REQUEST_ID,
  turnOf,
} from '@sluice/http';
import {
  type ActivityRouteParts,
  addStoredHeaders,
  chargeInvalid,
  keyOf,
  refuseForeign,
  settingsOrThrow,
} from './activity-routes.ts';
import { refuse, refuseAll, refuseBody, refuseEmpty } from './answer-append.ts';
import { type GraphIds, type GraphVersion, graphError, graphResults } from './graph-answers.ts';
import { readPreferWait } from './read-prefer.ts';
import { storeChecked } from './store-checked.ts';

const VERSIONS: readonly GraphVersion[] = ['v1.0', 'beta'];
const ACTIONS = ['addActivities', 'microsoft.graph.externalConnectors.addActivities'];
const ACTION_PATH =
  /^\/[^/]+\/external\/connections\/([^/]+)\/items\/[^/]+\/(?:microsoft\.graph\.externalConnectors\.)?addActivities(?:\?|$)/;
const NOTHING_ELSE =
  'Sluice takes POST …/external/connections/{id}/items/{id}/addActivities, and nothing else of Graph.';
const BATCH_PATH = /^\/[^/]+\/(?:\$|%24)batch(?:\?|$)/i;
const ONE_BY_ONE =
  'A batch is not taken apart: send the requests in it one by one. Up to 5,000 activities of an item fit in one.';

interface GraphTarget {
  readonly connectionId: string;
  readonly itemId: string;
}

interface GraphCall {
  readonly version: GraphVersion;
  readonly target: GraphTarget;
  readonly request: FastifyRequest;
}

export function addGraphRoutes({ app, answerErrors }: HttpServer, parts: ActivityRouteParts): void {
  void app.register(async (graph) => {
    answerErrors(
      graph,
      sendGraphError,
      VERSIONS.map((version) => `/${version}`),
    );
    for (const version of VERSIONS) addVersion(graph, version, parts);
  });
}

function addVersion(graph: FastifyInstance, version: GraphVersion, parts: ActivityRouteParts): void {
  for (const action of ACTIONS) {
    graph.post<{ Params: GraphTarget }>(
      `/${version}/external/connections/:connectionId/items/:itemId/${action}`,
      { onRequest: refuseForeign(parts), onResponse: chargeInvalid(parts) },
      (request, reply) => {
        nameRequest(reply);
        return takeGraphActivities(parts, { version, target: request.params, request }, reply);
      },
    );
  }
  // Before a body is looked at: whatever it is, nothing here takes it.
  const onRequest = (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void) => {
    done(new ProblemError(refuseOther(request)));
  };
  for (const path of [`/${version}`, `/${version}/*`]) graph.all(path, { onRequest }, async () => null);
}

function sendGraphError(reply: FastifyReply, problem: Problem): FastifyReply {
  const ids = nameRequest(reply);
  return reply
    .code(problem.status)
    .headers({ ...problem.headers, 'cache-control': 'no-store' })
    .send(graphError(problem, { ...ids, date: new Date() }));
}

/** As Graph does, every answer carries both ids; a caller looks for his own in it. */
function nameRequest(reply: FastifyReply): GraphIds {
  const { id: requestId, headers } = reply.request;
  const given = headers['client-request-id'];
  const clientRequestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : requestId;
  reply.headers({ 'request-id': requestId, 'client-request-id': clientRequestId });
  return { requestId, clientRequestId };
}

/** What came here is no call of a path above: another path, another method, or an id that is too long for the router. */
function refuseOther({ url, method }: FastifyRequest): Problem {
  const action = ACTION_PATH.exec(url);
  if (action === null) {
    const detail = BATCH_PATH.test(url) ? `${NOTHING_ELSE} ${ONE_BY_ONE}` : NOTHING_ELSE;
    return { status: 501, code: 'notSupported', detail };
  }
  if (method !== 'POST')
    return { ...httpProblem('method_not_allowed', 'This path takes POST alone.'), headers: { allow: 'POST' } };
  if (!CONNECTION_ID.test(action[1]!)) return refuse(400, 'connection_id_invalid');
  return { status: 400, code: 'item_id_invalid', detail: REJECTIONS.item_id_invalid };
}

async function takeGraphActivities(
  parts: ActivityRouteParts,
  call: GraphCall,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId, itemId } = call.target;
  const settings = settingsOrThrow(parts, call.target);
  const key = keyOf(parts, call.request);
  const { body } = call.request;
  if (body === undefined) throw new ProblemError(httpProblem('body_empty'));
  const checked = checkBody(body, itemId, parts.rules);
  if (!checked.ok) throw new ProblemError(refuseBody(checked));
  // A single activity without its list is a form of ours, not of Graph.
  const sent = (body as { readonly activities?: unknown }).activities;
  if (!Array.isArray(sent)) throw new ProblemError(refuseEmpty());
  for (const { code } of checked.rejected) parts.metrics.entriesRejected(code, 1);
  if (checked.accepted.length === 0) throw new ProblemError(refuseAll(checked));

  await parts.charge.request(call.request.caller, checked.accepted.length, key && { connectionId, id: key.id });
  const waitS = readPreferWait(call.request.headers['prefer']);
  const wantsReceipt = waitS !== null || parts.wantsReceipt(call.request);
  const turn = turnOf(call.request);
  const target = { connectionId, settings, key, wantsReceipt, waitedMs: turn.waitedMs };
  const stored = await storeChecked(parts, target, checked);
  turn.end();
  addStoredHeaders(reply, stored);
  if (waitS !== null) return answerWaited(parts, { waitS, receiptId: stored.receiptId, checked, sent, call }, reply);
  return reply.code(checked.rejected.length === 0 ? 200 : 207).send(graphResults(call.version, sent, checked));
}

interface Waited {
  readonly waitS: number;
  readonly receiptId: string | null;
  readonly checked: CheckedBody;
  readonly sent: readonly unknown[];
  readonly call: GraphCall;
}

/** What became of each, when that is known in time: only then 200 and 207 say what Graph said, and else 202 that it is stored. */
async function answerWaited(parts: ActivityRouteParts, waited: Waited, reply: FastifyReply): Promise<FastifyReply> {
  const { waitS, receiptId, checked, sent, call } = waited;
  const gone = new AbortController();
  const leave = () => gone.abort();
  reply.raw.once('close', leave);
  const end = receiptId === null ? 'busy' : await parts.awaitReceipt(receiptId, waitS * 1000, gone.signal);
  reply.raw.off('close', leave);
  if (end !== 'busy') reply.header('preference-applied', `wait=${waitS}`);
  const receipt = end === 'ended' ? await parts.receiptOf(receiptId!).catch(() => null) : null;
  if (receipt === null || !isToldWhole(receipt)) return reply.code(202).send(graphResults(call.version, sent, checked));
  const failed = receipt.entriesTotal > 0 || checked.rejected.length > 0;
  return reply.code(failed ? 207 : 200).send(graphResults(call.version, sent, checked, receipt.entries));
}

/** Whether the receipt says of every entry what became of it: it names a hundred at most, and not who expired or was discarded. */
function isToldWhole({ final, counts, entries, entriesTotal }: ReceiptView): boolean {
  return final && entries.length === entriesTotal && counts.discarded + counts.erased + counts.expired === 0;
}
