/*
  deliver: why there is no token: does it pass by itself, or must an operator mend the credential? By OAuth error and status;
  AADSTS numbers are shown to people and never decided upon (Entra: apps that depend on them "will be broken over time").
*/
import { parseRetryAfter } from '@sluice/core';
import { readDate } from './read-acquired-token.ts';
import type { TokenAnswer } from './token-exchange.ts';
import { TokenError } from './token-source.ts';

export interface TokenFailure {
  readonly seen: TokenAnswer | null;
  /** What MSAL threw. */
  readonly thrown: unknown;
  /** Must appear in no message. */
  readonly secrets: readonly string[];
  readonly asked: 'token endpoint' | 'identity endpoint';
  /** Stands in for an answer without a Date; milliseconds since 1970. */
  readonly wallMs: number;
}

/** OAuth errors that pass by themselves, whatever their status. */
const PASSING = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);
const PASSING_STATUS = new Set([408, 425, 429]);
/** The endpoint of a machine speaks no OAuth: it answers 404 or 410 while it is being updated, and these when it knows no such identity. */
const IDENTITY_REFUSALS = new Set([400, 401, 403]);
const MESSAGE_LENGTH_MAX = 300;

export function classifyTokenFailure({ seen, thrown, secrets, asked, wallMs }: TokenFailure): TokenError {
  const hide = (text: string) => hideSecrets(text, secrets).slice(0, MESSAGE_LENGTH_MAX);
  // Nothing was asked: MSAL refused what it was given.
  if (seen === null) return new TokenError('credential', hide(`the credential cannot be used: ${messageOf(thrown)}`));
  if (seen.kind === 'failed') return new TokenError('token', hide(`${asked}: ${seen.code}: ${seen.message}`));
  const { status, body, retryAfter, date } = seen;
  const said = readProblem(body);
  const message = hide(`${asked} answered ${status} ${describe(body, said)}`);
  const refused = asked === 'token endpoint' ? isRefusal(status, said.error) : IDENTITY_REFUSALS.has(status);
  const answeredAtMs = readDate(date);
  if (refused) return new TokenError('credential', message, { answeredAtMs });
  const retryAfterMs = parseRetryAfter(retryAfter, { date, nowMs: wallMs });
  return new TokenError('token', message, { retryAfterMs, answeredAtMs });
}

function isRefusal(status: number, error: string | null): boolean {
  return status >= 400 && status < 500 && !PASSING_STATUS.has(status) && error !== null && !PASSING.has(error);
}

interface Problem {
  readonly error: string | null;
  readonly description: string;
}

/** OAuth's `error` and `error_description`; of identity endpoints also `message`, or both in an object `error`. */
function readProblem(body: Readonly<Record<string, unknown>> | null): Problem {
  const nested = body?.['error'];
  const inner = typeof nested === 'object' && nested !== null ? (nested as Record<string, unknown>) : null;
  const error = inner === null ? nested : inner['code'];
  const description = inner?.['message'] ?? body?.['error_description'] ?? body?.['message'];
  return {
    error: typeof error === 'string' ? error : null,
    description: typeof description === 'string' ? description : '',
  };
}

/** Entra ends its descriptions with trace ids and a time; what comes before is for people. */
function describe(body: Readonly<Record<string, unknown>> | null, { error, description }: Problem): string {
  if (body === null) return 'without a JSON object';
  const words = description.split(/\r?\n|\s*Trace ID:/, 1)[0] ?? '';
  if (error === null && words === '') return 'with neither an OAuth error nor a token that can be used';
  return [error, words].filter((part) => part !== null && part !== '').join(': ');
}

function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((hidden, secret) => hidden.replaceAll(secret, '[secret]'), text);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'MSAL failed without an error';
}
