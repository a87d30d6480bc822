/* Errors as callers see them: RFC 9457, with a stable code, and nothing of our insides. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  readonly status: number;
  /** Stable, snake_case; what programs look at. */
  readonly code: string;
  /** One or two sentences for people: what is wrong, and the rule. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** What the server itself refuses: status and sentence by code. */
export const HTTP_PROBLEMS = {
  request_malformed: [400, 'The request is not valid HTTP.'],
  host_ambiguous: [400, 'A request has exactly one Host header.'],
  target_not_path: [400, 'The request target must be a path that starts with "/".'],
  body_empty: [400, 'The body is empty; JSON is expected.'],
  body_cut_off: [400, 'The body is shorter or longer than Content-Length says.'],
  body_not_gzip: [400, 'Content-Encoding says gzip, but the body is not a whole gzip stream.'],
  body_not_utf8: [400, 'The body is not valid UTF-8.'],
  body_not_json: [400, 'The body is not valid JSON.'],
  body_too_deep: [400, 'The body is nested too deeply.'],
  body_too_complex: [400, 'The body has too many members or values.'],
  body_member_forbidden: [400, 'The members "__proto__" and "constructor.prototype" are not allowed.'],
  route_not_found: [404, 'There is nothing at this path.'],
  method_not_allowed: [405, 'This path does not take this method; Allow names those that it takes.'],
  request_timeout: [408, 'The request took too long to arrive.'],
  body_too_large: [413, 'The body is too large.'],
  url_too_long: [414, 'The path or one of its parts is too long.'],
  expectation_unknown: [417, 'Expect may be 100-continue, and nothing else.'],
  media_type_unsupported: [415, 'Content-Type must be application/json.'],
  charset_unsupported: [415, 'The charset must be utf-8.'],
  content_encoding_unsupported: [415, 'Content-Encoding must be gzip or absent.'],
  host_not_allowed: [
    421,
    'Without keys only localhost, 127.0.0.1 and [::1] are served; the Host header names another.',
  ],
  headers_too_large: [431, 'The header fields are too large.'],
  internal_error: [500, 'Something failed on our side. The log has the cause under this request id.'],
  overloaded: [503, 'Too many bodies are being received at once.'],
  not_ready: [503, 'This service is not ready.'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

export type HttpProblemCode = keyof typeof HTTP_PROBLEMS;

/** A problem as an exception: what a route throws and the server turns into an answer. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(`${problem.code}: ${problem.detail}`, options);
    this.problem = problem;
  }
}

/** The problem of that code, with a sentence of one's own when the common one can be more exact. */
export function httpProblem(code: HttpProblemCode, detail?: string): Problem {
  const [status, sentence] = HTTP_PROBLEMS[code];
  const problem = { status, code, detail: detail ?? sentence };
  return status === 503 ? { ...problem, headers: { 'retry-after': '1' } } : problem;
}

/** The body. `type` is absent, which means about:blank; so the title is the status's own phrase. */
export function problemText(problem: Problem): string {
  const { status, code, detail } = problem;
  return JSON.stringify({ title: STATUS_CODES[status] ?? 'Error', status, code, detail, ...problem.members });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers({ ...problem.headers, 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' })
    .send(Buffer.from(problemText(problem))); // text would be given a charset, which this type does not have
}
