/* Replies of Graph as tests need them, and what is read in them. */
import { encodeEntry } from '../../src/activity/entry.ts';
import { formatInstant } from '../../src/activity/instant.ts';
import { readReply } from '../../src/outcome/read-reply.ts';
import type { AnsweredReply, FailureCode, Reply } from '../../src/outcome/reply.ts';

export const NOW = Date.parse('2026-11-24T12:00:00Z');
export const START = Date.parse('2021-04-06T18:04:31.033Z');

export function entries(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    encodeEntry({ type: 'viewed', startMs: START + n, performedBy: { type: 'user', id: `p${n}` } }, n, null),
  );
}

export function results(errors: readonly unknown[]): unknown {
  return {
    value: errors.map((error, n) => ({
      type: 'viewed',
      startDateTime: formatInstant(START + n),
      ...(error === undefined ? {} : { error }),
    })),
  };
}

export function answered(
  status: number,
  parts: Partial<AnsweredReply> & { readonly retryAfter?: string } = {},
): AnsweredReply {
  const { retryAfter = null, ...rest } = parts;
  const headers = { retryAfter, date: null, requestId: 'r-1', wwwAuthenticate: null };
  return {
    kind: 'answered',
    status,
    headers,
    body: undefined,
    bodyProblem: null,
    bodyExcerpt: '',
    durationMs: 1,
    ...rest,
  };
}

export function failed(code: FailureCode, certainty: 'not-sent' | 'maybe-sent'): Reply {
  return { kind: 'failed', certainty, code, message: 'it broke', durationMs: 1 };
}

export function read(reply: Reply, count = 2, outcomes?: Record<string, 'retry' | 'dead' | 'hold'>) {
  return readReply({ reply, entries: entries(count), nowMs: NOW, ...(outcomes === undefined ? {} : { outcomes }) });
}

export function errorBody(code: string, message = 'm', innerError?: unknown): unknown {
  return { error: { code, message, innerError } };
}
