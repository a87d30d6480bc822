/* POST of activities: accept, append, answer. The functions takeActivities and takeLines are the intake's whole story. */
import { type BodyRules, CONNECTION_ID, checkBody, ITEM_ID, REJECTIONS } from '@sluice/core';
import { type FastifyReply, type HttpServer, httpProblem, LineBody, type Problem, ProblemError } from '@sluice/http';
import { answerStored, refuse, refuseAll, refuseBody } from './answer-append.ts';
import type { AppendSettings } from './append-request.ts';
import { type StoreParts, storeChecked } from './store-checked.ts';
import { takeLines } from './take-lines.ts';

export interface ActivityRouteParts extends StoreParts {
  readonly rules: BodyRules;
  /** Null: activities are not taken for a connection of this name. */
  readonly settingsOf: (connectionId: string) => AppendSettings | null;
}

interface Target {
  readonly connectionId: string;
  /** Null: each activity names its item. */
  readonly itemId: string | null;
}

export function addActivityRoutes({ app, lineBodies }: HttpServer, parts: ActivityRouteParts): void {
  const onRequest = refuseForeign(parts);
  app.post<{ Params: { connectionId: string; itemId: string } }>(
    '/v1/connections/:connectionId/items/:itemId/activities',
    { onRequest },
    (request, reply) => takeActivities(parts, request.params, request.body, reply),
  );
  void app.register(async (bulk) => {
    lineBodies.accept(bulk);
    bulk.post<{ Params: { connectionId: string } }>(
      '/v1/connections/:connectionId/activities',
      { onRequest },
      (request, reply) => {
        const target = { connectionId: request.params.connectionId, itemId: null };
        const { body } = request;
        return body instanceof LineBody
          ? takeLineActivities(parts, target, body, reply)
          : takeActivities(parts, target, body, reply);
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

async function takeActivities(
  parts: ActivityRouteParts,
  target: Target,
  body: unknown,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId, itemId } = target;
  const settings = settingsOrThrow(parts, target);
  if (body === undefined) throw new ProblemError(httpProblem('body_empty'));
  const checked = checkBody(body, itemId, parts.rules);
  if (!checked.ok) throw new ProblemError(refuseBody(checked));
  for (const { code } of checked.rejected) parts.metrics.entriesRejected(code, 1);
  if (checked.accepted.length === 0) throw new ProblemError(refuseAll(checked));

  const { receiptId, appended, durability } = await storeChecked(parts, { connectionId, settings }, checked);
  const answer = answerStored({ receiptId, connectionId }, checked, appended);
  return sendStored(reply, { ...answer, durability });
}

async function takeLineActivities(
  parts: ActivityRouteParts,
  target: Target,
  body: LineBody,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId } = target;
  const settings = settingsOrThrow(parts, target);
  const { summary, durability } = await takeLines(parts, { connectionId, settings, rules: parts.rules }, body);
  return sendStored(reply, { status: summary.rejectedTotal === 0 ? 202 : 207, body: summary, durability });
}

function sendStored(
  reply: FastifyReply,
  stored: { readonly status: number; readonly body: { readonly receiptId: string }; readonly durability: string },
): FastifyReply {
  return reply
    .code(stored.status)
    .header('location', `/v1/receipts/${stored.body.receiptId}`)
    .header('sluice-durability', stored.durability)
    .send(stored.body);
}

export function settingsOrThrow(parts: ActivityRouteParts, target: Target): AppendSettings {
  assertTarget(target);
  const settings = parts.settingsOf(target.connectionId);
  if (settings === null) throw new ProblemError(refuse(404, 'connection_not_found'));
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
