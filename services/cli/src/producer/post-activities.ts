/*
  Posts a stream of activities to the intake in bulk. A batch is sent until it has a definite answer: 202, 207 and a 400 that lists what
  was wrong are definite; 429, 503 and a lost connection are not, and every activity has an id of its own, so that sending again stores
  nothing twice. Constant memory: no more batches are made than are on their way.
*/
import { pause } from '../pause.ts';
import type { OutgoingActivity } from './make-git-activity.ts';

export interface Posted {
  readonly receiptId: string | null;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly { readonly code: string; readonly message: string }[];
}

export interface PostSettings {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly onPosted: (posted: Posted) => void;
  readonly fetch?: typeof fetch;
  readonly pause?: typeof pause;
  readonly nowMs?: () => number;
}

export const BATCH_ACTIVITIES_MAX = 1000;
export const REQUESTS_MAX = 4;
const ANSWER_MS_MAX = 30_000;
/** A batch that was refused for so long is given up, and the producer with it. */
export const REFUSED_MS_MAX = 600_000;
const BACKOFF_BASE_MS = 250;
const BACKOFF_MS_MAX = 5000;
const RETRY_AFTER_MS_MAX = 60_000;

/** Answers when everything is posted, or the signal has aborted. Throws when the intake refuses for good. */
export async function postActivities(source: AsyncIterable<OutgoingActivity>, settings: PostSettings): Promise<void> {
  const underway = new Set<Promise<void>>();
  const giveUp = new AbortController();
  const signal = AbortSignal.any([settings.signal, giveUp.signal]);
  let failure: unknown = null;
  for await (const batch of batches(source)) {
    if (signal.aborted) break;
    const posting = postBatch(batch, { ...settings, signal })
      .then((posted) => posted !== null && settings.onPosted(posted))
      .then(
        () => undefined,
        (error: unknown) => {
          failure ??= error;
          giveUp.abort();
        },
      )
      .finally(() => underway.delete(posting));
    underway.add(posting);
    if (underway.size >= REQUESTS_MAX) await Promise.race(underway);
  }
  await Promise.all(underway);
  if (failure !== null) throw failure;
}

async function* batches(source: AsyncIterable<OutgoingActivity>): AsyncGenerator<readonly OutgoingActivity[]> {
  let batch: OutgoingActivity[] = [];
  for await (const activity of source) {
    batch.push(activity);
    if (batch.length < BATCH_ACTIVITIES_MAX) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** null: stopped before there was an answer. */
async function postBatch(batch: readonly OutgoingActivity[], settings: PostSettings): Promise<Posted | null> {
  const { signal, pause: wait = pause, nowMs = () => performance.now() } = settings;
  const body = JSON.stringify({ activities: batch });
  const firstMs = nowMs();
  for (let tries = 1; ; tries++) {
    const answer = await send(body, settings);
    if (signal.aborted && answer.kind !== 'posted') return null;
    if (answer.kind === 'posted') return answer.posted;
    if (answer.kind === 'refused' || nowMs() - firstMs > REFUSED_MS_MAX) throw new Error(answer.why);
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_BASE_MS * 2 ** Math.min(tries - 1, 10));
    await wait(Math.max(answer.retryAfterMs, backoffMs), signal);
    if (signal.aborted) return null;
  }
}

type Answer =
  | { readonly kind: 'posted'; readonly posted: Posted }
  | { readonly kind: 'again'; readonly retryAfterMs: number; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

async function send(body: string, settings: PostSettings): Promise<Answer> {
  const { url, signal, fetch: post = fetch } = settings;
  try {
    const response = await post(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
    return readAnswer(response.status, response.headers.get('retry-after'), await response.text());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { kind: 'again', retryAfterMs: 0, why: `The intake did not answer (${String(error)}${cause}).` };
  }
}

function readAnswer(status: number, retryAfter: string | null, text: string): Answer {
  const body = parseObject(text);
  const rejected = Array.isArray(body['rejected']) ? body['rejected'] : null;
  if (status === 202 || status === 207 || (status === 400 && rejected !== null && rejected.length > 0)) {
    const receiptId = typeof body['receiptId'] === 'string' ? body['receiptId'] : null;
    const accepted = Number(body['accepted'] ?? 0);
    return {
      kind: 'posted',
      posted: { receiptId, accepted, duplicates: Number(body['duplicates'] ?? 0), rejected: rejected ?? [] },
    };
  }
  const said = [body['code'], body['detail'] ?? body['title']].filter((part) => typeof part === 'string').join(': ');
  const why = `The intake answers ${status}${said === '' ? '' : ` (${said})`}.`;
  if (status === 429 || status === 408 || status >= 500) {
    return { kind: 'again', retryAfterMs: parseRetryAfter(retryAfter, Date.now()), why };
  }
  return { kind: 'refused', why };
}

/** Seconds or an HTTP date. */
export function parseRetryAfter(value: string | null, nowMs: number): number {
  if (value === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms));
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
