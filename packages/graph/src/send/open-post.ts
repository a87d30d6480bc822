/*
  deliver: the sockets to one origin. HTTP/1.1 only: with HTTP/2 one broken connection would put all calls in flight in doubt.
  Nothing is retried and no redirect is followed here: a POST that may have been applied is the outcome's to judge.
*/
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { GraphProxy } from '../graph-config.ts';
import { Exchange, type ExchangeLimits, type PostAnswer } from './exchange.ts';

export interface PostOptions {
  readonly origin: string;
  readonly connectionsMax: number;
  readonly responseBytesMax: number;
  readonly proxy: GraphProxy | null;
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
/** No proxy of a company can reach what only this machine can. */
const NEVER_BY_PROXY = 'localhost,127.0.0.1,::1';
/** RFC 9110 503; Microsoft: "always make new retry requests over a new HTTP connection". */
const SERVICE_UNAVAILABLE = 503;

export function openPost({ origin, connectionsMax, responseBytesMax, proxy, clock }: PostOptions): Post {
  const open = () => openSockets(origin, proxy, { connections: connectionsMax, maxResponseSize: responseBytesMax });
  let pool = open();
  /** Replaced pools that still have calls in flight; no more than there are calls. */
  const closing = new Set<Promise<void>>();

  function retire(old: Dispatcher): void {
    // A pool that cannot be closed any more is closed.
    const closed = old.close().catch(() => undefined);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  }

  return {
    post: async ({ path, headers, body, ...limits }) => {
      const used = pool;
      const exchange = new Exchange({ ...limits, clock });
      used.dispatch({ origin, path, method: body === null ? 'GET' : 'POST', headers, body }, exchange);
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

/** With a proxy each socket is a tunnel (CONNECT), so that no proxy reads a token, and what fails before the tunnel stands was never sent. */
function openSockets(
  origin: string,
  proxy: GraphProxy | null,
  bounds: Pick<Pool.Options, 'connections' | 'maxResponseSize'>,
): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS, keepAlive: true, autoSelectFamily: true };
  const options = {
    ...bounds,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: 1000,
    clientTtl: SOCKET_AGE_MS_MAX,
    maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
    // The exchange has one deadline of its own for everything; undici's two would only begin anew with each chunk.
    headersTimeout: 0,
    bodyTimeout: 0,
  } satisfies Pool.Options;
  if (proxy === null) return new Pool(origin, { ...options, connect });
  return new EnvHttpProxyAgent({
    ...options,
    connect,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A proxy that accepts and says nothing must not keep sockets for undici's five minutes.
    clientFactory: (url: URL, client: object) => new Pool(url, { ...client, headersTimeout: CONNECT_TIMEOUT_MS }),
    proxyTunnel: true,
    httpProxy: proxy.url,
    httpsProxy: proxy.url,
    noProxy: `${NEVER_BY_PROXY},${proxy.bypass}`,
  });
}
