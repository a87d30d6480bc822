/* POST of activities: accept, append, answer. The functions takeActivities and takeLines are the intake's whole story. */
import { type BodyRules, CONNECTION_ID, checkBody, ITEM_ID, REJECTIONS, type ReceiptView } from '@sluice/core';
import {
  bodyDigestOf,
  type FastifyReply,
  type FastifyRequest,
  type HttpServer,
  httpProblem,
  LineBody,
  type Problem,
  ProblemError,
  turnOf,
} from '@sluice/http';
import { answerStored, keyHeaders, refuse, refuseAll, refuseBody } from './answer-append.ts';
import type { AppendSettings } from './append-request.ts';
import type { AwaitReceipt } from './await-receipts.ts';
import type { ChargeCaller } from './charge-caller.ts';
import { type RequestKey, requestKeyOf, streamKeyOf } from './request-key.ts';
import type { LineRooms } from './share-line-room.ts';
import { type StoredRequest, type StoreParts, storeChecked } from './store-checked.ts';
import { openLineStore } from './store-lines.ts';
import { takeLines } from './take-lines.ts';

export interface ActivityRouteParts extends StoreParts {
  readonly rules: BodyRules;
  readonly charge: ChargeCaller;
  readonly lineRooms: LineRooms;
  /** Null: activities are not taken for a connection of this name. */
  readonly settingsOf: (connectionId: string) => AppendSettings | null;
  /** Whether Graph can have no such connection. */
  readonly isReserved: (connectionId: string) => boolean;
  /** Whose Idempotency-Keys a request's are: the client's, so that they outlive the change of its API key. */
  readonly callerOf: (request: FastifyRequest) => string;
  /** Whether a receipt is kept for it. */
  readonly wantsReceipt: (request: FastifyRequest) => boolean;
  /** For who wants to be told what became of it. */
  readonly awaitReceipt: AwaitReceipt;
  readonly receiptOf: (receiptId: string) => Promise<ReceiptView | null>;
}

interface Target {
  readonly connectionId: string;
  /** Null: each activity names its item. */
  readonly itemId: string | null;
}

export function addActivityRoutes({ app, lineBodies }: HttpServer, parts: ActivityRouteParts): void {
  const hooks = { onRequest: refuseForeign(parts), onResponse: chargeInvalid(parts) };
  app.post<{ Params: { connectionId: string; itemId: string } }>(
    '/v1/connections/:connectionId/items/:itemId/activities',
    hooks,
    (request, reply) => takeActivities(parts, request.params, request, reply),
  );
  void app.register(async (bulk) => {
    lineBodies.accept(bulk);
    bulk.post<{ Params: { connectionId: string } }>(
      '/v1/connections/:connectionId/activities',
      hooks,
      (request, reply) => {
        const target = { connectionId: request.params.connectionId, itemId: null };
        return request.body instanceof LineBody
          ? takeLineActivities(parts, target, request, reply)
          : takeActivities(parts, target, request, reply);
      },
    );
  });
}

/** Before the body is looked at, let alone received: 404 comes before 415, 413 and 400. */
export function refuseForeign({ settingsOf }: Pick<ActivityRouteParts, 'settingsOf'>) {
  return (request: { readonly params: unknown }, _reply: unknown, done: (error?: Error) => void): void => {
    const { connectionId } = request.params as Target;
    const foreign = CONNECTION_ID.test(connectionId) && settingsOf(connectionId) === null;
    done(foreign ? new ProblemError(refuse(404, 'connection_not_found')) : undefined);
  };
}

const INVALID: ReadonlySet<number> = new Set([400, 413, 415]);

/** Who sends what cannot be taken is told so and not that it is too much; but it was a request. */
export function chargeInvalid({ charge }: Pick<ActivityRouteParts, 'charge'>) {
  return ({ caller }: FastifyRequest, { statusCode }: FastifyReply, done: () => void): void => {
    if (INVALID.has(statusCode)) charge.invalid(caller);
    done();
  };
}

async function takeActivities(
  parts: ActivityRouteParts,
  place: Target,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId, itemId } = place;
  const settings = settingsOrThrow(parts, place);
  const key = keyOf(parts, request);
  if (request.body === undefined) throw new ProblemError(httpProblem('body_empty'));
  const checked = checkBody(request.body, itemId, parts.rules);
  if (!checked.ok) throw new ProblemError(refuseBody(checked));
  for (const { code } of checked.rejected) parts.metrics.entriesRejected(code, 1);
  if (checked.accepted.length === 0) throw new ProblemError(refuseAll(checked));

  await parts.charge.request(request.caller, checked.accepted.length, key && { connectionId, id: key.id });
  const target = { connectionId, settings, key, wantsReceipt: parts.wantsReceipt(request) };
  const stored = await storeChecked(parts, { ...target, waitedMs: turnOf(request).waitedMs }, checked);
  const answer = answerStored({ receiptId: stored.receiptId, connectionId }, checked, stored.appended);
  return addStoredHeaders(reply, stored).code(answer.status).send(answer.body);
}

async function takeLineActivities(
  parts: ActivityRouteParts,
  place: Target,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId } = place;
  const settings = settingsOrThrow(parts, place);
  const key = streamKeyOf(request, parts.callerOf(request));
  const target = { connectionId, settings, key, wantsReceipt: parts.wantsReceipt(request) };
  const lineStore = await openLineStore(parts, target);
  if (expectsContinue(request)) sendEarly(reply, lineStore.receiptId());
  const { rules: activityRules, lineRooms: rooms } = parts;
  const rules = { rules: activityRules, rooms, connectionId, charge: parts.charge.stream(request.caller) };
  const { summary, ...stored } = await takeLines(parts, { ...rules, lineStore }, request.body as LineBody);
  const { receiptId } = summary;
  return addStoredHeaders(reply, { receiptId, ...stored })
    .code(summary.rejectedTotal === 0 ? 202 : 207)
    .send(summary);
}

/** Who waits for 100 (Continue) understands 103 as well; others may take it for the answer. */
function expectsContinue({ headers }: FastifyRequest): boolean {
  return headers.expect?.toLowerCase() === '100-continue';
}

/** Where the receipt will be, before the answer: for who may hang up half-way. */
function sendEarly(reply: FastifyReply, receiptId: string | null): void {
  if (receiptId === null) return;
  const location = `/v1/receipts/${receiptId}`;
  reply.raw.writeEarlyHints({ link: `<${location}>; rel="describedby"`, location, 'x-request-id': reply.request.id });
}

export function keyOf({ callerOf }: ActivityRouteParts, request: FastifyRequest): RequestKey | null {
  return requestKeyOf(request, callerOf(request), bodyDigestOf(request));
}

export function addStoredHeaders(reply: FastifyReply, stored: Omit<StoredRequest, 'appended'>): FastifyReply {
  if (stored.receiptId !== null) reply.header('location', `/v1/receipts/${stored.receiptId}`);
  return reply.header('sluice-durability', stored.durability).headers(keyHeaders(stored.replayed, stored.keptMs));
}

export function settingsOrThrow(parts: ActivityRouteParts, target: Target): AppendSettings {
  assertTarget(target);
  const settings = parts.settingsOf(target.connectionId);
  if (settings === null) throw new ProblemError(refuse(404, 'connection_not_found'));
  if (parts.isReserved(target.connectionId)) throw new ProblemError(refuse(400, 'connection_id_reserved'));
  return settings;
}

function assertTarget({ connectionId, itemId }: Target): void {
  let problem: Problem | null = null;
  if (!CONNECTION_ID.test(connectionId)) problem = refuse(400, 'connection_id_invalid');
  else if (itemId !== null && !ITEM_ID.test(itemId)) {
    problem = { status: 400, code: 'item_id_invalid', detail: REJECTIONS.item_id_invalid };
  }
  if (problem !== null) throw new ProblemError(problem);
}
