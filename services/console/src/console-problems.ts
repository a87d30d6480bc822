/* What the console refuses, with its sentences. */
import { type Problem, ProblemError } from '@sluice/http';

export const CONSOLE_PROBLEMS = {
  connection_not_found: [404, 'There is no connection of this name; nothing was ever accepted for it.'],
  connection_not_allowed: [403, 'This key is not allowed on this connection.'],
  connection_holds: [
    409,
    'The connection holds activities that are neither delivered nor discarded. What waits: let it be delivered, or discard it with ?pending=discard. Dead letters and parked entries: replay or discard them.',
  ],
  connection_moving: [
    409,
    'What waits may be delivered at any moment. Pause the connection first; then it can be discarded.',
  ],
  dead_letter_not_found: [
    404,
    'There is no dead letter or parked entry under this id: it was replayed or discarded, or never there.',
  ],
  parameter_invalid: [400, 'The request is not as the rule says.'],
  cursor_invalid: [400, 'cursor must be the `next` of an earlier answer.'],
  csrf_token_wrong: [
    403,
    'A change made with the page’s cookie must carry X-Csrf-Token, as GET /api/v1/session gives it.',
  ],
  session_scope_missing: [403, 'This key does not have the scope read, so there is nothing that the page could show.'],
  origin_not_allowed: [403, 'A page of another origin may not change anything here.'],
  backlog_full: [
    503,
    'The connection holds as many waiting activities as it may; Graph must take some first. The same cursor goes on.',
  ],
  erasure_not_found: [
    404,
    'No console knows an erasure under this id: it is a day ago, or Redis was emptied since. Asking for the erasure again is safe.',
  ],
  too_many_erasures: [503, 'As many performers as may be at a time are being erased; ask again.'],
  too_many_pages: [503, 'As many pages as may be open here are open; close one, or look at the API.'],
  stopping: [503, 'This console is stopping.'],
  store_unavailable: [
    503,
    'Redis did not answer in time. What was asked for may have been done; asking again does it once.',
  ],
} as const;

const RETRY_AFTER_S: Readonly<Record<string, number>> = {
  backlog_full: 10,
  store_unavailable: 1,
  too_many_erasures: 10,
  too_many_pages: 30,
  stopping: 1,
};

export function refuse(
  code: keyof typeof CONSOLE_PROBLEMS,
  members: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const [status, detail] = CONSOLE_PROBLEMS[code];
  const problem: Problem = { status, code, detail, members };
  const afterS = RETRY_AFTER_S[code];
  if (afterS === undefined) return new ProblemError(problem);
  return new ProblemError({ ...problem, headers: { 'retry-after': String(afterS) } });
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
