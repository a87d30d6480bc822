/*
  Decides what an answer of the intake means for a batch. Only a 202 or 207 whose counts add up says that something is
  stored; what says nothing either way is sent again; the rest is refused for good.
*/
import { parseRetryAfter } from './retry.ts';
import type { Problem, Rejection } from './sluice-error.ts';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
}

export interface Stored {
  readonly kind: 'stored';
  readonly receiptId: string | null;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly Rejection[];
}

export type Answer =
  | Stored
  /** Nothing is known to be stored: send it again, not before so long. */
  | { readonly kind: 'later'; readonly retryAfterMs: number; readonly problem: Problem }
  /** Nothing is stored, and it may be the fault of one activity or of their number: send it in halves. */
  | { readonly kind: 'halve'; readonly problem: Problem }
  /** Nothing is stored, and it would be the same the next time. `rejected` names activities, if any are to blame. */
  | { readonly kind: 'refused'; readonly problem: Problem; readonly rejected: readonly Rejection[] };

const LATER = new Set([408, 409, 425, 429]);

export function readAnswer(raw: RawAnswer, sent: number, wallMs: number): Answer {
  const body = parseObject(raw.text);
  const rejected = readRejected(body['rejected'], sent);
  const problem = readProblem(raw, body);
  const later: Answer = {
    kind: 'later',
    retryAfterMs: parseRetryAfter(raw.header('retry-after'), wallMs),
    problem,
  };
  const { status } = raw;
  if (status === 202 || status === 207) {
    const { receiptId, accepted, duplicates } = body;
    const adds =
      typeof accepted === 'number' &&
      typeof duplicates === 'number' &&
      accepted + duplicates + rejected.length === sent;
    if (!adds) return { ...later, problem: { ...problem, code: 'answer_not_understood', detail: NOT_UNDERSTOOD } };
    return {
      kind: 'stored',
      receiptId: typeof receiptId === 'string' ? receiptId : null,
      accepted,
      duplicates,
      rejected,
    };
  }
  if (status >= 500 || LATER.has(status)) return later;
  const blamed = rejected.length > 0;
  const divisible = status === 413 || (status === 400 && problem.code.startsWith('body_'));
  if (divisible && !blamed && sent > 1) return { kind: 'halve', problem };
  return { kind: 'refused', problem, rejected };
}

const NOT_UNDERSTOOD = 'The answer is not one of an intake of Sluice: its counts do not add up to what was sent.';

/** The problem of an answer that did not come. */
export function noAnswer(error: unknown): Extract<Answer, { kind: 'later' }> {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const detail = `The intake did not answer: ${error instanceof Error ? error.message : String(error)}${cause}.`;
  return { kind: 'later', retryAfterMs: 0, problem: { status: 0, code: 'no_answer', detail, requestId: null } };
}

function readProblem({ status, header }: RawAnswer, body: Readonly<Record<string, unknown>>): Problem {
  const { code, detail, title } = body;
  return {
    status,
    code: typeof code === 'string' ? code : 'unexpected_status',
    detail: [detail, title].find((text) => typeof text === 'string') ?? `The answer was ${status}.`,
    requestId: header('x-request-id'),
  };
}

function readRejected(value: unknown, sent: number): readonly Rejection[] {
  if (!Array.isArray(value)) return [];
  const seen = new Set<number>();
  return value.flatMap((one: Partial<Rejection> | null) => {
    const index = one?.index;
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index >= sent || seen.has(index))
      return [];
    seen.add(index);
    const { pointer, code, message } = one as Partial<Rejection>;
    return [
      { index, pointer: String(pointer ?? '#'), code: String(code ?? 'rejected'), message: String(message ?? '') },
    ];
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
