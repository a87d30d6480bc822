/* Answers in the shape of Microsoft Graph, for callers that believe to speak to it. */
import type { CheckedBody, ReceiptEntry, RejectedEntry } from '@sluice/core';
import type { Problem } from '@sluice/http';

const RESULT_TYPE = '#microsoft.graph.externalConnectors.externalActivityResult';
const RESULTS = '$metadata#Collection(microsoft.graph.externalConnectors.externalActivityResult)';
/** What is wrong with an activity is told under this code, as Graph does; ours is in the details. */
const REJECTED = 'invalidRequest';
/** A refused activity is shown as it was sent, but not at any length. */
const TEXT_SHOWN_MAX = 128;
/** Of a call in which nothing was valid. */
const DETAILS_MAX = 100;

/** Graph's own codes (concepts/errors), by status. */
const CODES: Readonly<Record<number, string>> = {
  401: 'InvalidAuthenticationToken',
  403: 'accessDenied',
  404: 'itemNotFound',
  405: 'methodNotAllowed',
  408: 'requestTimeout',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  501: 'notSupported',
  503: 'serviceNotAvailable',
};

/** Graph says so of a body that it cannot read at all. */
const UNREADABLE: ReadonlySet<string> = new Set([
  'body_empty',
  'body_cut_off',
  'body_not_utf8',
  'body_not_json',
  'body_not_object',
  'body_too_deep',
  'body_too_complex',
  'body_member_forbidden',
  'body_member_unknown',
  'body_number_out_of_range',
]);

export interface GraphIds {
  readonly requestId: string;
  /** The caller's; where there was none, Graph repeats its own. */
  readonly clientRequestId: string;
}

export type GraphVersion = 'v1.0' | 'beta';

/** One result for each activity that was sent, in its order; `error` null says that it is stored, or with their ends that it is delivered. */
export function graphResults(
  version: GraphVersion,
  sent: readonly unknown[],
  { rejected }: CheckedBody,
  ended: readonly ReceiptEntry[] = [],
) {
  const ends = new Map(ended.map((entry) => [entry.index, entry]));
  const refusals = new Map(rejected.map((refusal) => [refusal.index, refusal]));
  const value = sent.map((activity, index) => {
    const { type, startDateTime } = isObject(activity) ? activity : {};
    const refusal = refusals.get(index);
    const end = ends.get(index);
    const error = refusal === undefined ? (end === undefined ? null : endError(end)) : publicError(refusal);
    return { '@odata.type': RESULT_TYPE, type: shown(type), startDateTime: shown(startDateTime), error };
  });
  return { '@odata.context': `https://graph.microsoft.com/${version}/${RESULTS}`, value };
}

function publicError(refusal: RejectedEntry) {
  const { message, pointer } = refusal;
  return { code: REJECTED, message, target: pointer, details: [detailOf(refusal)], innerError: null };
}

/** Of an activity that Graph did not take, or of which nobody knows whether it did. */
function endError({ code, message, requestId }: ReceiptEntry) {
  const innerError = requestId === null ? null : { 'request-id': requestId };
  return { code, message, target: null, details: [], innerError };
}

function detailOf({ code, message, pointer }: RejectedEntry) {
  return { code, message, target: pointer };
}

/** Graph's error object. The code is Graph's for the status, the one inside is ours. */
export function graphError(problem: Problem, ids: GraphIds & { readonly date: Date }) {
  const { status, code, detail, members } = problem;
  const rejected = (members?.['rejected'] ?? []) as readonly RejectedEntry[];
  const innerError = {
    code,
    date: ids.date.toISOString().slice(0, 19),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
  };
  const details = rejected.slice(0, DETAILS_MAX).map(detailOf);
  const ofStatus = CODES[status] ?? 'invalidRequest';
  const error = { code: UNREADABLE.has(code) ? 'BadRequest' : ofStatus, message: detail, innerError };
  return { error: details.length === 0 ? error : { ...error, details } };
}

function shown(text: unknown): string | null {
  return typeof text === 'string' ? text.slice(0, TEXT_SHOWN_MAX).toWellFormed() : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
