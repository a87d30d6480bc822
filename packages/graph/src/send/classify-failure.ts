/*
  deliver: what a broken exchange is called, and whether the request may have been applied. The second does not depend on the
  error but on the moment: undici says when it begins to write a request, and what fails before that was never sent.
*/
import type { FailedReply, FailureCode } from '@sluice/core';

export interface Failure {
  readonly certainty: FailedReply['certainty'];
  readonly code: FailureCode;
  readonly message: string;
}

const MESSAGE_LENGTH_MAX = 200;
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;
const NO_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']);
const NO_CONNECTION_IN_TIME = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const SOCKET_GONE = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ENOTCONN',
  'UND_ERR_SOCKET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETRESET',
]);
const TOO_SLOW = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

export function classifyFailure(error: unknown, written: boolean): Failure {
  const { code, message } = readError(error);
  const text = code === '' ? message : `${code}: ${message}`;
  return {
    certainty: written ? 'maybe-sent' : 'not-sent',
    code: written ? codeWhenWritten(code) : codeBeforeWritten(code),
    message: text.slice(0, MESSAGE_LENGTH_MAX),
  };
}

function codeWhenWritten(code: string): FailureCode {
  if (TOO_SLOW.has(code)) return 'timeout';
  return SOCKET_GONE.has(code) ? 'reset' : 'protocol';
}

function codeBeforeWritten(code: string): FailureCode {
  if (NO_NAME.has(code)) return 'dns';
  if (NO_CONNECTION_IN_TIME.has(code)) return 'connect-timeout';
  return TLS.test(code) ? 'tls' : 'refused';
}

/** Of several addresses that were tried the first speaks for all: an AggregateError has no words of its own. */
function readError(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: 'failed without an error' };
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const { code } = first as { code?: unknown };
  return { code: typeof code === 'string' ? code : '', message: first.message };
}
