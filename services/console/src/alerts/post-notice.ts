/* Posts a notice: a few tries, each with its time, no redirect followed. The address is a secret and is in no error. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Notice } from './make-notice.ts';

/** All tries together are over well before another console is asked to tell instead. */
const TRIES_MAX = 3;
const TRY_MS_MAX = 5000;
const PAUSE_MS = 1000;

export interface PostParts {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
  readonly pauseMs?: number;
}

/** Rejects when nobody took it. */
export async function postNotice(notice: Notice, parts: PostParts): Promise<void> {
  for (let tried = 1; ; tried++) {
    const problem = await postOnce(notice, parts);
    if (problem === null) return;
    if (problem.final || tried === TRIES_MAX || parts.signal.aborted) throw new Error(problem.text);
    await pause((parts.pauseMs ?? PAUSE_MS) * tried, undefined, { signal: parts.signal }).catch(() => {});
  }
}

async function postOnce(
  notice: Notice,
  { url, signal, fetch: send = fetch }: PostParts,
): Promise<{ readonly final: boolean; readonly text: string } | null> {
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'sluice' },
      body: JSON.stringify(notice),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS_MAX)]),
    });
    await response.body?.cancel();
    if (response.ok) return null;
    const { status } = response;
    // What is wrong with the address or the notice is not mended by asking again.
    const final = status < 500 && status !== 408 && status !== 429;
    return { final, text: `the webhook answered ${status}` };
  } catch (error) {
    const { name, cause } = error as { readonly name?: string; readonly cause?: { readonly code?: unknown } };
    const why = typeof cause?.code === 'string' ? cause.code : name;
    return { final: false, text: `the webhook could not be reached (${why ?? 'unknown cause'})` };
  }
}
