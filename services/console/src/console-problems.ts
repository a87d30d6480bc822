/* What the console refuses, with its sentences. */
import { type Problem, ProblemError } from '@sluice/http';

export const CONSOLE_PROBLEMS = {
  connection_not_found: [404, 'There is no connection of this name; nothing was ever accepted for it.'],
  dead_letter_not_found: [
    404,
    'There is no dead letter or parked entry under this id: it was replayed or discarded, or never there.',
  ],
  parameter_invalid: [400, 'The request is not as the rule says.'],
  cursor_invalid: [400, 'cursor must be the `next` of an earlier answer.'],
  origin_not_allowed: [403, 'A page of another origin may not change anything here.'],
  backlog_full: [
    503,
    'The connection holds as many waiting activities as it may; Graph must take some first. The same cursor goes on.',
  ],
  store_unavailable: [
    503,
    'Redis did not answer in time. What was asked for may have been done; asking again does it once.',
  ],
} as const;

const RETRY_AFTER_S = { backlog_full: 10, store_unavailable: 1 } as const;

export function refuse(
  code: keyof typeof CONSOLE_PROBLEMS,
  members: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const [status, detail] = CONSOLE_PROBLEMS[code];
  const problem: Problem = { status, code, detail, members };
  if (code !== 'backlog_full' && code !== 'store_unavailable') return new ProblemError(problem);
  return new ProblemError({ ...problem, headers: { 'retry-after': String(RETRY_AFTER_S[code]) } });
}

/** One member of the request is wrong: `pointer` says which (#/filter/state), `rule` what it must be. */
export function refuseMember(pointer: string, rule: string): ProblemError {
  return new ProblemError({ status: 400, code: 'parameter_invalid', detail: rule, members: { pointer } });
}

/** An answer of the store, or 503. */
export async function fromStore<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const problem = refuse('store_unavailable').problem;
    throw new ProblemError(problem, { cause: error });
  }
}
