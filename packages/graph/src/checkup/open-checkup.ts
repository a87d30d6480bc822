/*
  A look at Graph for whoever sets Sluice up: the token comes from the very source that workers use, and what is asked with it
  changes nothing. Each method makes one request; nothing is tried again, because whoever looks wants to see the failure.
*/
import {
  type ClockLook,
  type GraphCheckup,
  type GraphLook,
  makeConnectionPath,
  readGraphError,
  type TokenLook,
} from '@sluice/core';
import { type GraphConfig, resolveEndpoints } from '../graph-config.ts';
import type { PostAnswer } from '../send/exchange.ts';
import { openPost } from '../send/open-post.ts';
import { openTokenSource } from '../tokens/open-token-source.ts';
import { readDate } from '../tokens/read-acquired-token.ts';
import { readCredentialExpiryMs } from '../tokens/read-credential-expiry.ts';
import { TokenError } from '../tokens/token-source.ts';
import { VERSION } from '../version.ts';
import { readTokenClaims } from './read-token-claims.ts';

export interface GraphCheckupOptions {
  readonly graph: GraphConfig;
  readonly allowInsecure?: boolean;
  readonly claimsChallenges?: boolean;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  readonly wallClock?: () => number;
}

const LOOK_MS_MAX = 10_000;
/** The root lists everything that Graph has. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Throws GraphConfigError on endpoints that would get a secret in the clear. */
export function openGraphCheckup(options: GraphCheckupOptions): GraphCheckup {
  const { graph, clock = () => performance.now(), wallClock = Date.now } = options;
  const { graphRoot, tokenUrl, cloud } = resolveEndpoints(graph, { allowInsecure: options.allowInsecure ?? false });
  const source = openTokenSource({
    credential: graph.credential,
    tokenUrl,
    scope: cloud.scope,
    claimsChallenges: options.claimsChallenges ?? false,
    proxy: graph.proxy ?? null,
    clock,
    wallClock,
  });
  const { post, close } = openPost({
    origin: graphRoot.origin,
    connectionsMax: 1,
    responseBytesMax: ANSWER_BYTES_MAX,
    proxy: graph.proxy ?? null,
    clock,
  });
  const prefix = graphRoot.pathname.replace(/\/+$/, '');
  const clockLook = (theirsMs: number | null): ClockLook | null =>
    theirsMs === null ? null : { theirsMs, oursMs: wallClock() };
  let token: string | null = null;

  async function look(path: string): Promise<GraphLook> {
    if (token === null) return { kind: 'failed', code: 'token', message: 'there is no token to ask with' };
    const begunMs = clock();
    const answer = await post({
      path: `${prefix}/${graph.version}${path}`,
      body: null,
      headers: ['authorization', `Bearer ${token}`, 'accept', 'application/json', 'user-agent', `sluice/${VERSION}`],
      timeoutMs: LOOK_MS_MAX,
      latestStartMs: Number.POSITIVE_INFINITY,
      signal: null,
    });
    if (answer.kind === 'failed') return { kind: 'failed', code: answer.code, message: answer.message };
    const date = answer.headers['date'] ?? null;
    return { ...readLook(answer, token), clock: clockLook(readDate(date)), durationMs: clock() - begunMs };
  }

  return {
    graphRoot: graphRoot.href,
    tokenUrl: tokenUrl?.href ?? null,
    token: async (): Promise<TokenLook> => {
      try {
        const { value, lifetimeMs, answeredAtMs = null } = await source.acquire({ claims: null });
        token = value;
        return { kind: 'token', claims: readTokenClaims(value), lifetimeMs, clock: clockLook(answeredAtMs) };
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        const { code, message, answeredAtMs } = error;
        return { kind: 'none', code, message, clock: clockLook(answeredAtMs) };
      }
    },
    expiresAtMs: () => readCredentialExpiryMs(graph.credential),
    root: () => look('/'),
    connection: (graphId) => look(makeConnectionPath(graphId)),
    close: async () => {
      await Promise.all([source.close(), close()]);
    },
  };
}

type Answered = Extract<GraphLook, { kind: 'answered' }>;

function readLook(
  answer: Extract<PostAnswer, { kind: 'answered' }>,
  token: string,
): Omit<Answered, 'clock' | 'durationMs'> {
  const { status, headers } = answer;
  const requestId = headers['request-id'];
  // Before anything is cut: a part of the token would not be found any more.
  const body = parseObject(answer.text.replaceAll(token, '[token]'));
  const [said] = readGraphError(body?.['error']);
  return {
    kind: 'answered',
    status,
    code: said?.code ?? '',
    message: said?.message ?? '',
    requestId: typeof requestId === 'string' ? requestId.slice(0, 128) : null,
    body: status >= 200 && status < 300 ? body : null,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
