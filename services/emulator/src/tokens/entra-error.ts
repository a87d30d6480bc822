import { randomUUID } from 'node:crypto';
import type { TokenFailure } from '../behavior/behavior.ts';
import { type Answer, jsonAnswer } from '../http/send.ts';

/** OAuth errors as Entra words them: an AADSTS number in the description and in error_codes. */
export interface EntraError {
  readonly status: number;
  readonly error: string;
  readonly number: number;
  readonly text: string;
}

export function entraError({ status, error, number, text }: EntraError, nowMs: number): Answer {
  const timestamp = `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const [trace, correlation] = [randomUUID(), randomUUID()];
  return jsonAnswer(status, {
    error,
    error_description: `AADSTS${number}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
  });
}

/** The failure that the behaviour asks for. */
export function failureAnswer(fail: number | TokenFailure, nowMs: number): Answer {
  const failure = typeof fail === 'number' ? { status: fail } : fail;
  const { headers = {} } = failure;
  if (failure.body !== undefined) {
    return typeof failure.body === 'string'
      ? { status: failure.status, body: failure.body, headers: { 'Content-Type': 'text/html', ...headers } }
      : jsonAnswer(failure.status, failure.body, headers);
  }
  const usual = usualError(failure.status);
  const made = entraError({ ...usual, status: failure.status, error: failure.error ?? usual.error }, nowMs);
  return { ...made, headers: { ...made.headers, ...headers } };
}

function usualError(status: number): Pick<EntraError, 'error' | 'number' | 'text'> {
  if (status === 400) return { error: 'invalid_request', number: 900023, text: 'The request is not valid.' };
  if (status === 401) return { error: 'invalid_client', number: 7000215, text: 'Invalid client secret provided.' };
  if (status === 403) return { error: 'unauthorized_client', number: 700016, text: 'The application was not found.' };
  return { error: 'temporarily_unavailable', number: 90033, text: 'A transient error has occurred. Please try again.' };
}
