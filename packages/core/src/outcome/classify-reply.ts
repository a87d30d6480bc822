/* outcome: which row of the table a reply belongs to. */
import { ANSWER_ROWS, ANSWERS, type Answer, MISSING_CALLS } from './answers.ts';
import type { GraphErrorLevel } from './read-graph-error.ts';
import type { FailedReply } from './reply.ts';

const BY_STATUS = new Map<number, Answer>();
const BY_FAILURE = new Map<string, Answer>();
for (const row of ANSWER_ROWS) {
  for (const status of row.statuses) {
    const [first, last] = typeof status === 'number' ? [status, status] : status;
    for (let code = first; code <= last; code++) if (!BY_STATUS.has(code)) BY_STATUS.set(code, row);
  }
  for (const failure of row.failures) BY_FAILURE.set(failure, row);
}

export interface ClassifiedStatus {
  readonly row: Answer;
  /** Nothing names the connection; it is taken for missing because nothing of it was ever found. */
  readonly presumed: boolean;
}

/**
 * The row of a status; `levels` are those of the error in the body. missedBefore: calls of the connection that were answered
 * 404 so far, when none ever had a 2xx; else null.
 */
export function classifyStatus(
  status: number,
  levels: readonly GraphErrorLevel[],
  missedBefore: number | null,
): ClassifiedStatus {
  const row = BY_STATUS.get(status) ?? ANSWERS.statusUnknown;
  if (row !== ANSWERS.itemMissing) return { row, presumed: false };
  const named = namesConnection(levels);
  const presumed = !named && missedBefore !== null && missedBefore + 1 >= MISSING_CALLS;
  return { row: named || presumed ? ANSWERS.connectionMissing : row, presumed };
}

/** The row of a failure. Whatever the code: what was not sent is not in doubt. */
export function classifyFailure({ certainty, code }: FailedReply): Answer {
  const row = BY_FAILURE.get(code) ?? ANSWERS.answerLost;
  return certainty === 'not-sent' && row === ANSWERS.answerLost ? ANSWERS.notConnected : row;
}

/**
 * Is it the connection that is missing? A code that names it says so at any level. A message counts only if it does not
 * name the item as well ("item 'a1' of connection 'hr'"); ids in quotes do not count as words.
 */
function namesConnection(levels: readonly GraphErrorLevel[]): boolean {
  if (levels.some(({ code }) => /connection/i.test(code))) return true;
  const words = levels.map(({ message }) => message.replace(/'[^']*'|"[^"]*"/g, '')).join(' ');
  return /connection/i.test(words) && !/item/i.test(words);
}
