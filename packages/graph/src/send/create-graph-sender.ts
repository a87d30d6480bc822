/*
  deliver: sends one call to Graph and answers what came of it. It never throws and judges nothing; the outcome does. Only one
  thing is mended here: a token that Graph refuses is replaced once and the call sent again, since a 401 was not applied.
*/
import { randomUUID } from 'node:crypto';
import { CallTargetError, type FailureCode, makeCallBody, makeCallPath, type Reply } from '@sluice/core';
import { type GraphConfig, resolveEndpoints } from '../graph-config.ts';
import { openTokenSource } from '../tokens/open-token-source.ts';
import { type HeldToken, keepToken, type NoToken } from '../tokens/token-keeper.ts';
import { VERSION } from '../version.ts';
import type { PostAnswer } from './exchange.ts';
import { openPost } from './open-post.ts';
import { readAnswer } from './read-answer.ts';
import { readClaimsChallenge } from './read-claims-challenge.ts';

export interface GraphSenderOptions {
  readonly graph: GraphConfig;
  /** From the beginning of send to the last byte of the answer, a second try after a 401 included. A call may have its own. */
  readonly callTimeoutMs: number;
  /** Sockets at most; as many as calls in flight. */
  readonly callsMax?: number;
  /** Plain http to other machines. */
  readonly allowInsecure?: boolean;
  /** Declares to Entra that claims challenges are understood. */
  readonly claimsChallenges?: boolean;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  readonly wallClock?: () => number;
  readonly chance?: () => number;
  readonly newId?: () => string;
}

export interface GraphCall {
  /** Graph's id of the connection. */
  readonly connectionId: string;
  readonly itemId: string;
  /** Readable ones, 1 to 20. */
  readonly entries: readonly string[];
  readonly clientRequestId: string;
  /** In place of the sender's. */
  readonly callTimeoutMs?: number;
  /** On the clock: by then the call must be over, however much of its time is left. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface GraphSender {
  /** Never rejects. */
  send(call: GraphCall): Promise<Reply>;
  /** Waits for the calls in flight. */
  close(): Promise<void>;
}

const CALLS_MAX_DEFAULT = 100;
/** Twenty results have about 3 KiB; an answer beyond this is not one of Graph's. */
const ANSWER_BYTES_MAX = 1024 * 1024;
/** A call that cannot have at least this part of its time is not begun: it would only end as a lost answer. */
const TIME_SHARE_MIN = 0.5;

export function createGraphSender(options: GraphSenderOptions): GraphSender {
  const { graph, clock = () => performance.now(), newId = randomUUID } = options;
  const { graphRoot, tokenUrl, cloud } = resolveEndpoints(graph, { allowInsecure: options.allowInsecure ?? false });
  const tokens = keepToken({
    source: openTokenSource({
      credential: graph.credential,
      tokenUrl,
      scope: cloud.scope,
      claimsChallenges: options.claimsChallenges ?? false,
      proxy: graph.proxy ?? null,
      clock,
      wallClock: options.wallClock ?? Date.now,
    }),
    clock,
    chance: options.chance ?? Math.random,
  });
  const { post, close } = openPost({
    origin: graphRoot.origin,
    connectionsMax: options.callsMax ?? CALLS_MAX_DEFAULT,
    responseBytesMax: ANSWER_BYTES_MAX,
    proxy: graph.proxy ?? null,
    clock,
  });
  const prefix = graphRoot.pathname.replace(/\/+$/, '');
  let closed = false;

  async function send(call: GraphCall): Promise<Reply> {
    const begunMs = clock();
    const took = () => clock() - begunMs;
    if (closed) return notSent('lease', 'the sender is closed', 0);
    let path: string;
    let body: string;
    try {
      path = `${prefix}${makeCallPath({ version: graph.version, graphConnectionId: call.connectionId, itemId: call.itemId })}`;
      body = makeCallBody(call.entries);
    } catch (error) {
      const message = error instanceof CallTargetError ? error.message : 'the entries of the call cannot be read';
      return notSent('unsendable', message, took());
    }
    const callTimeoutMs = call.callTimeoutMs ?? options.callTimeoutMs;
    const endsMs = Math.min(begunMs + callTimeoutMs, call.deadlineMs ?? Number.POSITIVE_INFINITY);

    const attempt = (token: HeldToken, clientRequestId: string): Promise<PostAnswer> =>
      post({
        path,
        body,
        headers: headersOf(token, clientRequestId),
        timeoutMs: Math.max(0, endsMs - clock()),
        latestStartMs: endsMs - TIME_SHARE_MIN * callTimeoutMs,
        signal: call.signal ?? null,
      });

    const held = tokens.current();
    const token = held instanceof Promise ? await within(endsMs - clock(), held) : held;
    if (token.kind === 'none') return notSent(token.code, token.message, took());
    const answer = await attempt(token, call.clientRequestId);
    const reply = readAnswer(answer, { token, durationMs: took() });
    const refusal = readRefusal(reply);
    if (refusal === null) return reply;
    const renewed = await within(endsMs - clock(), tokens.renew(token, refusal.claims));
    if (renewed === null) return reply;
    if (renewed.kind === 'none') return notSent(renewed.code, `after a 401: ${renewed.message}`, took());
    const again = newId();
    const second = readAnswer(await attempt(renewed, again), { token: renewed, durationMs: took() });
    // The lease's id stands in the first request only: whoever looks for a lost answer needs the second one.
    return second.kind === 'failed'
      ? { ...second, message: `${second.message} (sent again as ${again} after a 401)` }
      : second;
  }

  return {
    send,
    close: async () => {
      closed = true;
      await close();
      await tokens.close();
    },
  };
}

/** Was it the token that Graph refused? Conditional access may do so with 403 and a challenge. Null: no. */
function readRefusal(reply: Reply): { readonly claims: string | null } | null {
  if (reply.kind === 'failed' || (reply.status !== 401 && reply.status !== 403)) return null;
  const claims = readClaimsChallenge(reply.headers.wwwAuthenticate);
  return reply.status === 403 && claims === null ? null : { claims };
}

/** A call does not wait for a token longer than it has time; the request for it goes on, for the next one. */
async function within<T>(restMs: number, wanted: Promise<T>): Promise<T | NoToken> {
  const { promise, resolve } = Promise.withResolvers<NoToken>();
  const timer = setTimeout(() => resolve({ kind: 'none', code: 'token', message: 'no token came in time' }), restMs);
  try {
    return await Promise.race([wanted, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function headersOf(token: HeldToken, clientRequestId: string): string[] {
  return [
    'authorization',
    token.bearer,
    'content-type',
    'application/json',
    'client-request-id',
    clientRequestId,
    'user-agent',
    `sluice/${VERSION}`,
  ];
}

function notSent(code: FailureCode, message: string, durationMs: number): Reply {
  return { kind: 'failed', certainty: 'not-sent', code, message, durationMs };
}
