/*
  outcome: the only reader of Graph's answers. Says of each entry what became of it and what the answer means for its
  connection; answers.ts holds what is decided, this file only applies it. It never throws: an answer may be anything.
*/
import { ANSWERS, type Answer } from './answers.ts';
import { classifyEntryError, type OutcomeOverrides } from './classify-entry-error.ts';
import { classifyFailure, classifyStatus } from './classify-reply.ts';
import { matchResults, RESULT_MISSING } from './match-results.ts';
import type { CallOutcome, Closure, EntryOutcome, Outcome, UnlistedError } from './outcome.ts';
import { parseRetryAfter } from './parse-retry-after.ts';
import { boundMessage, boundText, type GraphErrorLevel, readGraphError } from './read-graph-error.ts';
import type { AnsweredReply, BodyProblem, Reply } from './reply.ts';

export interface ReplyToRead {
  readonly reply: Reply;
  /** The entries that were sent, in the order of the body. */
  readonly entries: readonly string[];
  /** Calls of the connection answered 404 before, when none of it ever had a 2xx; null or absent: one had. */
  readonly missedBefore?: number | null;
  /** Stands in for a response without a Date. */
  readonly nowMs: number;
  readonly outcomes?: OutcomeOverrides;
}

export function readReply({ reply, entries, nowMs, outcomes, missedBefore = null }: ReplyToRead): Outcome {
  if (reply.kind === 'failed') {
    const row = classifyFailure(reply);
    const reason = { code: reply.code, message: boundMessage(reply.message), requestId: null };
    return readWholeCall({ row, certainty: reply.certainty, reason, retryAfterMs: null, entries: entries.length });
  }
  const { retryAfter, date, requestId } = reply.headers;
  const retryAfterMs = retryAfter === null ? null : parseRetryAfter(retryAfter, { date, nowMs });
  const levels = readGraphError(memberOf(reply.body, 'error'));
  const { row, presumed } = classifyStatus(reply.status, levels, missedBefore);
  if (row.verdict !== 'by entry') {
    const reason = reasonOf(reply, levels);
    return readWholeCall({ row, presumed, certainty: 'sent', reason, retryAfterMs, entries: entries.length });
  }
  const results = memberOf(reply.body, 'value');
  if (Array.isArray(results)) {
    return readResults({ entries, results, requestId, retryAfterMs, outcomes: outcomes ?? null });
  }
  const message = `answered ${reply.status}, but the body ${describeBody(reply.bodyProblem)}`;
  const reason = { code: 'answer_unreadable', message, requestId };
  return readWholeCall({
    row: ANSWERS.resultsUnreadable,
    certainty: 'sent',
    reason,
    retryAfterMs,
    entries: entries.length,
  });
}

interface Reason {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

interface WholeCall {
  readonly row: Answer;
  readonly presumed?: boolean;
  readonly certainty: CallOutcome['certainty'];
  readonly reason: Reason;
  readonly retryAfterMs: number | null;
  readonly entries: number;
}

/** One verdict for all entries. */
function readWholeCall({ row, presumed = false, certainty, reason, retryAfterMs, entries }: WholeCall): Outcome {
  const bisect = row.bisects && entries > 1;
  const delayed = row.retryAfter === 'delays' ? (retryAfterMs ?? 0) : 0;
  const verdict = bisect || row.verdict === 'by entry' ? 'retryable' : row.verdict;
  const one: EntryOutcome = {
    ...reason,
    verdict,
    counted: row.counted,
    delayMsMin: Math.max(row.delayMsMin, delayed),
  };
  return {
    entries: new Array<EntryOutcome>(entries).fill(one),
    call: {
      certainty: certainty === 'sent' && verdict === 'unknown' ? 'maybe-sent' : certainty,
      quota: row.quota,
      closure: closureOf(row, retryAfterMs),
      failed: row.failed,
      hold: row.hold === null ? null : holdOf(row.hold, presumed ? presumedMissing(reason.message) : reason.message),
      target: presumed ? 'presumed' : row.target,
      bisect,
      wholeCall: true,
      extraResults: 0,
      unlisted: [],
      reason: `${reason.code}: ${reason.message}`,
    },
  };
}

interface Results {
  readonly entries: readonly string[];
  readonly results: readonly unknown[];
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly outcomes: OutcomeOverrides | null;
}

/** Shared by all that were delivered: a call of twenty costs no object for each. */
const DELIVERED: EntryOutcome = {
  verdict: 'delivered',
  code: 'delivered',
  message: '',
  requestId: null,
  counted: 'never',
  delayMsMin: 0,
};

function readResults({ entries, results, requestId, retryAfterMs, outcomes }: Results): Outcome {
  const matches = matchResults(entries, results);
  const verdicts: EntryOutcome[] = [];
  const unlisted = new Map<string, UnlistedError>();
  let throttled = false;
  let matched = 0;
  let hold: CallOutcome['hold'] = null;
  for (const match of matches) {
    const error = match < 0 ? undefined : memberOf(results[match], 'error');
    if (match < 0) verdicts.push(unmatched(match, results.length, requestId));
    else matched += 1;
    if (match >= 0 && (error === null || error === undefined)) verdicts.push(DELIVERED);
    if (match < 0 || error === null || error === undefined) continue;
    const { row, level } = classifyEntryError(readGraphError(error), outcomes);
    const outcome = outcomeOfError(row, level, requestId);
    verdicts.push(outcome);
    if (row === ANSWERS.entryOther) countUnlisted(unlisted, level?.code ?? '', error);
    throttled ||= row.quota === 'refused';
    if (row.hold !== null) hold ??= holdOf(row.hold, `${outcome.code}: ${outcome.message}`);
  }
  // An answer that matches nothing proves as little as one that cannot be read.
  const answer = matched > 0 || entries.length === 0 ? ANSWERS.results : ANSWERS.resultsUnreadable;
  const quota = throttled ? ANSWERS.entryThrottled.quota : answer.quota;
  const notable = verdicts.find(({ verdict }) => verdict !== 'delivered');
  const call: CallOutcome = {
    certainty: matched === entries.length ? 'sent' : 'maybe-sent',
    // A probe that ends in the same hold again must not count as taken.
    quota: hold === null ? quota : 'none',
    closure: closureOf(throttled ? ANSWERS.entryThrottled : ANSWERS.results, retryAfterMs),
    failed: answer.failed,
    hold,
    target: answer.target,
    bisect: false,
    wholeCall: false,
    extraResults: results.length - matched,
    unlisted: [...unlisted.values()],
    reason: notable === undefined ? 'delivered' : `${notable.code}: ${notable.message}`,
  };
  return { entries: verdicts, call };
}

const EXCERPT_LENGTH_MAX = 1000;
const PAGE_LENGTH_MAX = 120;

function countUnlisted(unlisted: Map<string, UnlistedError>, code: string, error: unknown): void {
  const known = unlisted.get(code);
  const entries = (known?.entries ?? 0) + 1;
  unlisted.set(code, { code, entries, excerpt: known?.excerpt ?? excerptOf(error) });
}

function excerptOf(error: unknown): string {
  try {
    return boundText(JSON.stringify(error) ?? '', EXCERPT_LENGTH_MAX);
  } catch {
    return 'nested too deep to be shown';
  }
}

function unmatched(match: number, results: number, requestId: string | null): EntryOutcome {
  const missing = match === RESULT_MISSING;
  const { verdict, counted, delayMsMin } = missing ? ANSWERS.entryMissing : ANSWERS.entryAmbiguous;
  const message = missing
    ? `none of the ${results} results has its type and instant`
    : 'several results or entries share its type and instant';
  return { verdict, code: missing ? 'result_missing' : 'result_ambiguous', message, requestId, counted, delayMsMin };
}

function outcomeOfError(row: Answer, level: GraphErrorLevel | null, requestId: string | null): EntryOutcome {
  return {
    verdict: row.verdict === 'by entry' ? 'unknown' : row.verdict,
    code: level === null || level.code === '' ? 'entry_error' : level.code,
    message: level?.message ?? '',
    requestId: requestId ?? level?.requestId ?? null,
    counted: row.counted,
    delayMsMin: row.delayMsMin,
  };
}

/** The most detailed code, and the most detailed message there is; without any, what the answer looked like. */
function reasonOf(
  { status, headers, bodyProblem, bodyExcerpt }: AnsweredReply,
  levels: readonly GraphErrorLevel[],
): Reason {
  const deepestFirst = levels.toReversed();
  const code = deepestFirst.find((level) => level.code !== '')?.code ?? `http_${status}`;
  const said = deepestFirst.find(({ message }) => message !== '')?.message ?? boundText(bodyExcerpt, PAGE_LENGTH_MAX);
  const message = said === '' ? `answered ${status}; the body ${describeBody(bodyProblem)}` : `${status} ${said}`;
  const requestId = headers.requestId ?? deepestFirst.find((level) => level.requestId !== null)?.requestId ?? null;
  return { code, message: boundMessage(message), requestId };
}

function presumedMissing(message: string): string {
  return `nothing of it was ever found, every call was answered ${message}`;
}

function holdOf(code: string, message: string): CallOutcome['hold'] {
  return { code, reason: boundMessage(`${code}: ${message}`) };
}

function closureOf({ retryAfter, closure }: Answer, retryAfterMs: number | null): Closure | null {
  if (retryAfter === 'closes' && retryAfterMs !== null) return { kind: 'retry-after', ms: retryAfterMs };
  return closure === null ? null : { kind: closure };
}

const BODY_PROBLEMS = {
  empty: 'is empty',
  'not-json': 'is not JSON',
  'too-large': 'is too large',
  'cut-off': 'was cut off',
} as const;

function describeBody(problem: BodyProblem | null): string {
  return problem === null ? 'has nothing that could be read' : BODY_PROBLEMS[problem];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
