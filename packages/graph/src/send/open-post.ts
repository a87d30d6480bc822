/*
  deliver: the sockets to one origin. HTTP/1.1 only: with HTTP/2 one broken connection would put all calls in flight in doubt.
  Nothing is retried and no redirect is followed here: a POST that may have been applied is the outcome's to judge.
*/
import { Pool } from 'undici';
import { Exchange, type ExchangeLimits, type PostAnswer } from './exchange.ts';

export interface PostOptions {
  readonly origin: string;
  readonly connectionsMax: number;
  readonly responseBytesMax: number;
  readonly clock: () => number;
}

export interface PostRequest extends Omit<ExchangeLimits, 'clock'> {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  /** Null: a GET. */
  readonly body: string | null;
}

export interface Post {
  /** Never rejects. */
  post(request: PostRequest): Promise<PostAnswer>;
  /** Waits for the calls in flight. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
/** Shorter than what servers keep: an idle socket that the server is about to close must not carry a POST. */
const KEEP_ALIVE_MS = 4000;
/** A socket is not kept for ever, so that a change in DNS is seen. */
const SOCKET_AGE_MS_MAX = 60_000;
const RESPONSE_HEADER_BYTES_MAX = 16_384;
/** RFC 9110 503; Microsoft: "always make new retry requests over a new HTTP connection". */
const SERVICE_UNAVAILABLE = 503;

export function openPost({ origin, connectionsMax, responseBytesMax, clock }: PostOptions): Post {
  const open = () =>
    new Pool(origin, {
      connections: connectionsMax,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, autoSelectFamily: true },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: 1000,
      clientTtl: SOCKET_AGE_MS_MAX,
      maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
      maxResponseSize: responseBytesMax,
      // The exchange has one deadline of its own for everything; undici's two would only begin anew with each chunk.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  let pool = open();
  /** Replaced pools that still have calls in flight; no more than there are calls. */
  const closing = new Set<Promise<void>>();

  function retire(old: Pool): void {
    // A pool that cannot be closed any more is closed.
    const closed = old.close().catch(() => undefined);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  }

  return {
    post: async ({ path, headers, body, ...limits }) => {
      const used = pool;
      const exchange = new Exchange({ ...limits, clock });
      used.dispatch({ path, method: body === null ? 'GET' : 'POST', headers, body }, exchange);
      const answer = await exchange.answer;
      if (answer.kind === 'answered' && answer.status === SERVICE_UNAVAILABLE && used === pool) {
        pool = open();
        retire(used);
      }
      return answer;
    },
    close: async () => {
      retire(pool);
      await Promise.all(closing);
    },
  };
}
