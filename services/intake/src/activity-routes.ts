/* POST of activities: accept, append, answer. The function takeActivities is the intake's whole story. */
import {
  type AcceptedActivity,
  type BodyRules,
  CONNECTION_ID,
  checkBody,
  ITEM_ID,
  planPieces,
  REJECTIONS,
  receiptIdOf,
} from '@sluice/core';
import { type FastifyInstance, type FastifyReply, httpProblem, type Problem, ProblemError } from '@sluice/http';
import type { Metrics } from '@sluice/telemetry';
import {
  answerStored,
  refuse,
  refuseAll,
  refuseAppend,
  refuseBody,
  refuseDurability,
  storeUnavailable,
} from './answer-append.ts';
import type { AppendOutcome, AppendSettings, RequestToAppend } from './append-request.ts';
import type { DurabilityPromise } from './promise-durability.ts';
import type { RememberAs } from './remember-as.ts';

export interface ActivityRouteParts {
  readonly append: (request: RequestToAppend) => Promise<AppendOutcome>;
  readonly rules: BodyRules;
  /** Null: activities are not taken for a connection of this name. */
  readonly settingsOf: (connectionId: string) => AppendSettings | null;
  readonly rememberAs: RememberAs;
  /** Null while the store has not been reached. */
  readonly durability: () => DurabilityPromise | null;
  /** RECEIPT_REF_LENGTH characters that nobody can guess. */
  readonly receiptRef: () => string;
  readonly shardTag: string;
  readonly metrics: Pick<Metrics, 'entriesRejected'>;
}

interface Target {
  readonly connectionId: string;
  /** Null: each activity names its item. */
  readonly itemId: string | null;
}

export function addActivityRoutes(app: FastifyInstance, parts: ActivityRouteParts): void {
  // Before the body is looked at, let alone received: 404 comes before 415, 413 and 400.
  const onRequest = (request: { params: unknown }, _reply: unknown, done: (error?: Error) => void) => {
    const { connectionId } = request.params as Target;
    const foreign = CONNECTION_ID.test(connectionId) && parts.settingsOf(connectionId) === null;
    done(foreign ? new ProblemError(refuse(404, 'connection_not_found')) : undefined);
  };
  app.post<{ Params: { connectionId: string; itemId: string } }>(
    '/v1/connections/:connectionId/items/:itemId/activities',
    { onRequest },
    (request, reply) => takeActivities(parts, request.params, request.body, reply),
  );
  app.post<{ Params: { connectionId: string } }>(
    '/v1/connections/:connectionId/activities',
    { onRequest },
    (request, reply) =>
      takeActivities(parts, { connectionId: request.params.connectionId, itemId: null }, request.body, reply),
  );
}

async function takeActivities(
  parts: ActivityRouteParts,
  target: Target,
  body: unknown,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { connectionId, itemId } = target;
  assertTarget(target);
  const settings = parts.settingsOf(connectionId);
  if (settings === null) throw new ProblemError(refuse(404, 'connection_not_found'));
  if (body === undefined) throw new ProblemError(httpProblem('body_empty'));
  const checked = checkBody(body, itemId, parts.rules);
  if (!checked.ok) throw new ProblemError(refuseBody(checked));
  for (const { code } of checked.rejected) parts.metrics.entriesRejected(code, 1);
  if (checked.accepted.length === 0) throw new ProblemError(refuseAll(checked));

  const durability = parts.durability();
  if (durability === null) throw new ProblemError(storeUnavailable());
  if (!durability.kept) throw new ProblemError(refuseDurability());
  const receiptRef = parts.receiptRef();
  const receiptId = receiptIdOf(parts.shardTag, receiptRef);
  const { accepted, rejected, duplicates } = checked;
  const rememberAs = (one: AcceptedActivity) => parts.rememberAs(connectionId, one);
  const pieces = planPieces({ accepted, receiptRef, rememberAs });
  const outcome = await parts.append({ connectionId, settings, receiptId, pieces, rejected, duplicates });
  if (outcome.status !== 'stored') throw new ProblemError(refuseAppend(outcome));

  const answer = answerStored({ receiptId, connectionId }, checked, outcome.appended);
  return reply
    .code(answer.status)
    .header('location', `/v1/receipts/${receiptId}`)
    .header('sluice-durability', durability.header)
    .send(answer.body);
}

function assertTarget({ connectionId, itemId }: Target): void {
  let problem: Problem | null = null;
  if (!CONNECTION_ID.test(connectionId)) problem = refuse(400, 'connection_id_invalid');
  else if (itemId !== null && !ITEM_ID.test(itemId)) {
    problem = { status: 400, code: 'item_id_invalid', detail: REJECTIONS.item_id_invalid };
  }
  if (problem !== null) throw new ProblemError(problem);
}
