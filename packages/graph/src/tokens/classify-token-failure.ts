/*
  deliver: why there is no token: does it pass by itself, or must an operator mend the credential? By OAuth error and status;
  AADSTS numbers are shown to people and never decided upon (Entra: apps that depend on them "will be broken over time").
*/
import { parseRetryAfter } from '@sluice/core';
import type { TokenAnswer } from './token-exchange.ts';
import { TokenError } from './token-source.ts';

export interface TokenFailure {
  readonly seen: TokenAnswer | null;
  /** What MSAL threw. */
  readonly thrown: unknown;
  /** Must appear in no message. */
  readonly secrets: readonly string[];
  /** Stands in for an answer without a Date; milliseconds since 1970. */
  readonly wallMs: number;
}

/** OAuth errors that pass by themselves, whatever their status. */
const PASSING = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);
const PASSING_STATUS = new Set([408, 425, 429]);
const MESSAGE_LENGTH_MAX = 300;

export function classifyTokenFailure({ seen, thrown, secrets, wallMs }: TokenFailure): TokenError {
  const hide = (text: string) => hideSecrets(text, secrets).slice(0, MESSAGE_LENGTH_MAX);
  // Nothing was asked: MSAL refused what it was given.
  if (seen === null) return new TokenError('credential', hide(`the credential cannot be used: ${messageOf(thrown)}`));
  if (seen.kind === 'failed') return new TokenError('token', hide(`token endpoint: ${seen.code}: ${seen.message}`));
  const { status, body, retryAfter, date } = seen;
  const error = typeof body?.['error'] === 'string' ? body['error'] : null;
  const refused = status >= 400 && status < 500 && !PASSING_STATUS.has(status) && error !== null && !PASSING.has(error);
  const message = hide(`token endpoint answered ${status} ${describe(body, error)}`);
  if (refused) return new TokenError('credential', message);
  return new TokenError('token', message, parseRetryAfter(retryAfter, { date, nowMs: wallMs }));
}

/** Entra ends its descriptions with trace ids and a time; what comes before is for people. */
function describe(body: Readonly<Record<string, unknown>> | null, error: string | null): string {
  if (body === null) return 'without a JSON object';
  if (error === null) return 'with neither an OAuth error nor a token that can be used';
  const description = typeof body['error_description'] === 'string' ? body['error_description'] : '';
  const words = description.split(/\r?\n|\s*Trace ID:/, 1)[0] ?? '';
  return words === '' ? error : `${error}: ${words}`;
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
