/*
  Posts a stream of activities through the client: bounded, with back-pressure, each sent until it is stored or refused.
  What refuses everything (a key, a connection, an intake that stays away) ends the stream; one bad activity does not.
*/
import { type Activity, createSluice, type PostponedBatch, SluiceError, type StoredBatch } from '@sluice/client/source';

export interface PostSettings {
  /** Of the intake. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly signal: AbortSignal;
  readonly onStored: (batch: StoredBatch) => void;
  /** One that is refused for itself. */
  readonly onRejected: (activity: Activity, error: SluiceError) => void;
  readonly onPostponed?: (postponed: PostponedBatch) => void;
  readonly fetch?: typeof fetch;
}

/** A backlog that is full empties at the pace of the quota; longer than this nobody wants to watch. */
const DEADLINE_MS = 600_000;
/** A full request goes at once, and the last when the stream ends; only a source that trickles waits so long. */
const LINGER_MS = 1000;
/** What is under way when a person stops it may still be answered. */
const STOP_MS = 1000;
const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)/;

/** Answers when everything is stored or refused, or the signal has aborted. Throws a SluiceError that is everybody's. */
export async function postStream(source: AsyncIterable<Activity>, settings: PostSettings): Promise<void> {
  const { url, apiKey, signal, onStored, onRejected, onPostponed } = settings;
  let failure: SluiceError | null = null;
  const giveUp = new AbortController();
  const stop = AbortSignal.any([signal, giveUp.signal]);
  const sluice = createSluice({
    url,
    ...(apiKey !== undefined && { apiKey }),
    ...(settings.fetch !== undefined && { fetch: settings.fetch as never }),
    lingerMs: LINGER_MS,
    deadlineMs: DEADLINE_MS,
    // On this machine compressing takes longer than sending.
    ...(LOOPBACK.test(url) && { gzipBytesMin: Number.POSITIVE_INFINITY }),
    onStored,
    ...(onPostponed !== undefined && { onPostponed }),
    onRejected: (activity, error) => {
      if (isOfOne(error)) onRejected(activity, error);
      else if (error.code !== 'client_closed') {
        failure ??= error;
        giveUp.abort();
      }
    },
  });
  const stopped = new Promise<'stopped'>((resolve) => {
    stop.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  const activities = source[Symbol.asyncIterator]();
  while (!stop.aborted) {
    // Whoever pipes something in may be slow; a Ctrl-C is not kept waiting for it.
    const next = await Promise.race([activities.next(), stopped]);
    if (next === 'stopped' || next.done === true) break;
    await Promise.race([sluice.room(), stopped]);
    if (!stop.aborted) void sluice.track(next.value);
  }
  const closed = sluice.close();
  await Promise.race([closed, stopped]);
  if (stop.aborted) await sluice.close({ withinMs: failure === null ? STOP_MS : 0 });
  if (failure !== null) throw failure;
}

/** The intake named this activity, or it could not be sent at all. */
function isOfOne(error: SluiceError): boolean {
  return error.pointer !== null || error.code.startsWith('activity_') || error.code.startsWith('body_');
}

export { SluiceError };
