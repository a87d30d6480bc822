/* Turns everything that goes wrong into a problem: routes' own refusals, the framework's, broken HTTP, and our faults. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  type HttpProblemCode,
  httpProblem,
  PROBLEM_TYPE,
  type Problem,
  ProblemError,
  problemText,
  sendProblem,
} from './problem.ts';

/** The part of a logger that a server needs. */
export interface ServerLogger {
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
  debug(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** The framework's codes for what the caller did; anything else it reports by status. */
const FRAMEWORK_CODES: Readonly<Record<string, HttpProblemCode>> = {
  FST_ERR_BAD_URL: 'request_malformed',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_empty',
  FST_ERR_MAX_PARAM_LENGTH: 'url_too_long',
};
const STATUS_PROBLEMS: Readonly<Record<number, HttpProblemCode>> = {
  404: 'route_not_found',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'url_too_long',
  415: 'media_type_unsupported',
  431: 'headers_too_large',
};

/** Answers a problem in whatever shape the callers of a scope expect. */
export type SendProblem = (reply: FastifyReply, problem: Problem, requestId: string) => FastifyReply;

export function answerError(logger: ServerLogger, send: SendProblem = sendProblem) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const problem = problemOf(error);
    if (problem.code === 'internal_error') {
      logger.error({ err: error, requestId: request.id, route: request.routeOptions.url ?? null }, 'request failed');
    }
    return send(reply, problem, request.id);
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { code, statusCode } = error instanceof Error ? (error as Partial<FastifyError>) : {};
  const known = code === undefined ? undefined : FRAMEWORK_CODES[code];
  if (known !== undefined) return httpProblem(known);
  if (statusCode === undefined || statusCode >= 500 || statusCode < 400) return httpProblem('internal_error');
  return httpProblem(STATUS_PROBLEMS[statusCode] ?? 'request_malformed');
}

/** Answers what never became a request: broken HTTP, and requests that did not arrive in time. */
export function answerClientError(
  mayTakeLong: (socket: Socket) => boolean,
): (error: Error & { readonly code?: string }, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // No TLS was agreed on, so nothing that we say would be understood.
    if (/^(ERR_SSL_|ERR_TLS_|EPROTO)/.test(error.code ?? '')) {
      socket.destroy();
      return;
    }
    // Said once for a request; whoever reads such a body has a bound of his own.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && mayTakeLong(socket)) return;
    if (socket.writable && !hasBegunAnswer(socket)) socket.write(rawAnswer(clientProblem(error.code)));
    socket.destroySoon();
  };
}

/** Node would answer it without a body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const problem = httpProblem('expectation_unknown');
  const body = problemText(problem);
  const length = Buffer.byteLength(body);
  response.writeHead(problem.status, { 'content-type': PROBLEM_TYPE, 'content-length': length, connection: 'close' });
  response.end(body);
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpProblem('request_timeout');
  return httpProblem(code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'request_malformed');
}

function rawAnswer(problem: Problem): string {
  const body = problemText(problem);
  const { title } = JSON.parse(body) as { title: string };
  return (
    `HTTP/1.1 ${problem.status} ${title}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}

/** Node keeps the response being written on the socket; a second status line behind it would be read as its body. */
function hasBegunAnswer(socket: Socket): boolean {
  const response: unknown = '_httpMessage' in socket ? socket._httpMessage : null;
  return (
    typeof response === 'object' && response !== null && '_headerSent' in response && response._headerSent === true
  );
}
