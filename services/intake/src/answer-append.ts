/* The answers of the intake: which status and body follow from what was checked and stored. */
import { BODY_REFUSALS, type BodyRefusal, type CheckedBody } from '@sluice/core';
import { httpProblem, type Problem } from '@sluice/http';
import type { AppendOutcome } from './append-request.ts';

export interface Answer {
  readonly status: 202 | 207;
  readonly body: {
    readonly receiptId: string | null;
    readonly connectionId: string;
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: CheckedBody['rejected'];
  };
}

export const INTAKE_PROBLEMS = {
  connection_id_invalid: 'A connection id is 3 to 32 letters and digits.',
  connection_id_reserved:
    'Graph gives no connection this id: none begins with Microsoft, or is called None, Directory, Exchange, Teams and the like.',
  connection_not_found: 'Activities are not taken for this connection: it is not one of those that are configured.',
  receipt_not_found: 'This is not the id of a receipt, or nothing with a receipt was stored under this key.',
  receipt_query_invalid:
    'Ask for a receipt by idempotencyKey and path: the Idempotency-Key as it was sent, and the path it was sent to, without what follows a question mark.',
  receipt_expired: 'There is no receipt under this id; it was never given, or it has expired.',
  no_valid_activity: 'No activity in the body is valid; rejected says why, one by one.',
  backlog_full: 'The connection holds as many waiting activities as it may; Graph must take some first.',
  too_many_connections: 'There are as many connections as there may be (SLUICE_CONNECTIONS_MAX), and this one is new.',
  store_unavailable:
    'Redis did not confirm in time. Send the request again; activities with an id are not taken twice.',
  idempotency_key_reused:
    'This Idempotency-Key was used for a request with another body; a key stands for one request on one path.',
  idempotency_in_progress:
    'The request with this Idempotency-Key is being stored; ask again in a moment to be told its answer.',
  store_full: 'Redis has hardly any memory left; nothing more is taken until Graph has taken some.',
  durability_not_reached:
    'Redis keeps activities less safely than SLUICE_DURABILITY promises. Send the request again, as it was.',
} as const;

type Refused = Exclude<AppendOutcome, { readonly status: 'stored' }>;

const SETTING_RETRY_S = 60;
const FULL_RETRY_S = 10;

/** What was valid and is not among the appended was stored before. accepted + duplicates + rejected is what was sent. */
export function answerStored(
  ids: { readonly receiptId: string | null; readonly connectionId: string },
  checked: CheckedBody,
  appended: number,
): Answer {
  const { rejected } = checked;
  const duplicates = checked.duplicates + checked.accepted.length - appended;
  return {
    status: rejected.length === 0 ? 202 : 207,
    body: { ...ids, accepted: appended, duplicates, rejected },
  };
}

export function refuseBody(refusal: BodyRefusal): Problem {
  const { code, message, pointer } = refusal;
  return { status: code === 'too_many_activities' ? 413 : 400, code, detail: message, members: { pointer } };
}

/** Nothing of the body was valid. */
export function refuseAll(checked: CheckedBody): Problem {
  return {
    status: 400,
    code: 'no_valid_activity',
    detail: INTAKE_PROBLEMS.no_valid_activity,
    members: { rejected: checked.rejected },
  };
}

/** There was nothing in a body of lines. */
export function refuseEmpty(): Problem {
  return { status: 400, code: 'no_activities', detail: BODY_REFUSALS.no_activities };
}

/** retryS: for the refusals that need to know when there is room again. */
export function refuseAppend(refused: Refused, retryS: number = FULL_RETRY_S): Problem {
  const { status } = refused;
  switch (status) {
    case 'not-replicated':
      return {
        ...tryLater('durability_not_reached', 1),
        detail: 'It is stored, but no replica of Redis has confirmed it. Send the request again, as it was.',
      };
    case 'key-reused':
      return { ...keyProblem(422, 'idempotency_key_reused'), headers: keyHeaders(false, refused.keptMs) };
    case 'in-progress': {
      const retryAfter = { 'retry-after': String(Math.max(1, Math.ceil(refused.forMs / 1000))) };
      const headers = { ...retryAfter, ...keyHeaders(false, refused.keptMs) };
      return { ...keyProblem(409, 'idempotency_in_progress'), headers };
    }
    case 'full':
      return tryLater('backlog_full', retryS);
    case 'store-full':
      return refuseFullStore(retryS);
    case 'connection-missing':
      return {
        ...refuse(404, 'connection_not_found'),
        detail: 'Graph says that this connection does not exist. When it does, resume it.',
      };
    case 'too-many-connections':
      return tryLater('too_many_connections', SETTING_RETRY_S);
    case 'busy':
      return httpProblem('overloaded', 'More activities are being stored than the store confirms.');
    case 'late':
    case 'failed':
      return tryLater('store_unavailable', 1);
    default:
      return status satisfies never;
  }
}

/** What an answer says of its request's Idempotency-Key. */
export function keyHeaders(replayed: boolean, keptMs: number | null): Record<string, string> {
  return {
    ...(replayed && { 'idempotent-replayed': 'true' }),
    ...(keptMs !== null && { 'idempotency-window': String(Math.floor(keptMs / 1000)) }),
  };
}

function keyProblem(status: number, code: 'idempotency_key_reused' | 'idempotency_in_progress'): Problem {
  return { status, code, detail: INTAKE_PROBLEMS[code] };
}

export function refuseFullStore(retryS: number): Problem {
  return tryLater('store_full', retryS);
}

export function refuseDurability(): Problem {
  const detail = 'Redis keeps activities less safely than SLUICE_DURABILITY promises; nothing was stored.';
  return { ...tryLater('durability_not_reached', SETTING_RETRY_S), detail };
}

export function storeUnavailable(): Problem {
  return tryLater('store_unavailable', 1);
}

export function refuse(status: 400 | 404, code: keyof typeof INTAKE_PROBLEMS): Problem {
  return { status, code, detail: INTAKE_PROBLEMS[code] };
}

function tryLater(code: keyof typeof INTAKE_PROBLEMS, seconds: number): Problem {
  return { status: 503, code, detail: INTAKE_PROBLEMS[code], headers: { 'retry-after': String(seconds) } };
}
