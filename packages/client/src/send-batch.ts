/* One try of one batch. Every try has the same body and the same Idempotency-Key. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Batch } from './lane.ts';
import { type Answer, noAnswer, readAnswer } from './read-answer.ts';
import type { Settings } from './settings.ts';

const VERSION = '0.1.0';
/** Level 1: the names of members repeat, so there is little to gain from more. */
const GZIP_LEVEL = 1;
/** A body that stays larger than this part of itself is sent as it is. */
const GZIP_PAYS_BELOW = 0.8;
const zip = promisify(gzip);

export interface EncodedBody {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export type SendSettings = Pick<Settings, 'url' | 'apiKey' | 'fetch' | 'clock' | 'requestTimeoutMs' | 'gzipBytesMin'>;

export async function encodeBody(text: string, bytes: number, gzipBytesMin: number): Promise<EncodedBody> {
  if (bytes >= gzipBytesMin) {
    const zipped = await zip(text, { level: GZIP_LEVEL });
    // A copy of just the bytes: what zlib hands out may be a view into a larger buffer.
    if (zipped.length < bytes * GZIP_PAYS_BELOW) {
      return { body: new Uint8Array(zipped), headers: { 'content-encoding': 'gzip' } };
    }
  }
  return { body: text, headers: {} };
}

/** Never rejects. `stop` cuts the try off. */
export async function sendBatch(batch: Batch, settings: SendSettings, stop: AbortSignal): Promise<Answer> {
  const { clock, requestTimeoutMs } = settings;
  const cut = new AbortController();
  const abort = () => cut.abort(stop.reason);
  const cancel = clock.after(requestTimeoutMs, () =>
    cut.abort(new Error(`there was no answer within ${requestTimeoutMs} ms`)),
  );
  stop.addEventListener('abort', abort, { once: true });
  try {
    return await send(batch, settings, cut.signal);
  } catch (error) {
    return noAnswer(error);
  } finally {
    cancel();
    stop.removeEventListener('abort', abort);
  }
}

async function send(batch: Batch, settings: SendSettings, signal: AbortSignal): Promise<Answer> {
  const { url, apiKey, fetch: post, clock, gzipBytesMin } = settings;
  batch.encoded ??= encodeBody(batch.text, batch.bytes, gzipBytesMin);
  const { body, headers } = await batch.encoded;
  const key = typeof apiKey === 'function' ? await apiKey() : apiKey;
  const response = await post(`${url}/v1/connections/${encodeURIComponent(batch.connection)}/activities`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, application/problem+json',
      'user-agent': `sluice-client/${VERSION}`,
      'idempotency-key': batch.key,
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...headers,
      ...batch.trace,
    },
    body,
    // A key must not follow a redirect to somebody else.
    redirect: 'manual',
    signal,
  });
  const text = await response.text();
  const header = (name: string) => response.headers.get(name);
  return readAnswer({ status: response.status, text, header }, batch.entries.length, clock.wallMs());
}
