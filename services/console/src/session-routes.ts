/*
  /api/v1/session: who the page acts for. Without keys nobody has to say who they are, and everything is allowed. With keys a
  person gives one once, and the browser gets a session for it.
*/
import type { Access, Caller, Identified } from '@sluice/core';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, ProblemError, presentedBy } from '@sluice/http';
import type { Audit } from './audit-deeds.ts';
import { refuse, refuseMember } from './console-problems.ts';
import { endedCookie, sessionCookie, tokenOfCookie } from './session-cookie.ts';
import { isCsrfRight, type Session, type Sessions } from './sessions.ts';

/** What the page asks first. */
export interface SessionAnswer {
  /** A key has to be given (POST of the same path) before anything else answers. */
  readonly needed: boolean;
  /** Of the key that was given; null: none was. */
  readonly name: string | null;
  readonly scopes: readonly string[];
  /** Goes with every request of the page that changes something, as `X-Csrf-Token`; null: nothing has to. */
  readonly csrf: string | null;
}

export interface SessionRouteParts {
  readonly access: Access;
  readonly sessions: Sessions;
  readonly audit: Audit;
}

const PATH = '/api/v1/session';
const OPEN: SessionAnswer = { needed: false, name: null, scopes: ['read', 'operate'], csrf: null };
const CLOSED: SessionAnswer = { needed: true, name: null, scopes: [], csrf: null };
const KEY_LENGTH_MAX = 16_384;

export function addSessionRoutes(app: FastifyInstance, { access, sessions, audit }: SessionRouteParts): void {
  const config = { scopes: 'open' } as const;

  app.get(PATH, { config }, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!access.required) return OPEN;
    const session = await sessionOf(request, sessions);
    if (session !== null) return describe(session.caller, session.csrf);
    const identified = await access.identify(presentedBy(request));
    return identified.ok ? describe(identified.caller, null) : CLOSED;
  });

  app.post(PATH, { config }, async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!access.required) return OPEN;
    const caller = callerOrThrow(await access.identify(credentialsOf(request)));
    if (!caller.scopes.includes('read')) throw refuse('session_scope_missing');
    await leave(request, sessions);
    const { token, session } = await sessions.open(caller);
    reply.header('set-cookie', sessionCookie(request, token));
    await audit.record(request, { caller, action: 'sign-in', status: 200 });
    return describe(caller, session.csrf);
  });

  app.delete(PATH, { config }, async (request, reply) => {
    const session = await leave(request, sessions);
    if (session !== null) await audit.record(request, { caller: session.caller, action: 'sign-out', status: 204 });
    return endSession(request, reply).code(204).send();
  });
}

/** Who asks by cookie. A change without the csrf text is somebody else's doing. */
export async function callerOfSession(request: FastifyRequest, sessions: Sessions): Promise<Caller | null> {
  const session = await sessionOf(request, sessions);
  if (session === null) return null;
  const changes = request.method !== 'GET' && request.method !== 'HEAD';
  if (changes && !isCsrfRight(session, request.headers['x-csrf-token'])) throw refuse('csrf_token_wrong');
  return session.caller;
}

async function sessionOf(request: FastifyRequest, sessions: Sessions): Promise<Session | null> {
  const token = tokenOfCookie(request);
  return token === null ? null : sessions.find(token);
}

async function leave(request: FastifyRequest, sessions: Sessions): Promise<Session | null> {
  const token = tokenOfCookie(request);
  if (token === null) return null;
  const session = await sessions.find(token);
  await sessions.end(token);
  return session;
}

function endSession(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('set-cookie', endedCookie(request));
}

/** A key typed into the page is in the body; programs give it as everywhere. */
function credentialsOf(request: FastifyRequest) {
  if (request.body === undefined) return presentedBy(request);
  const { body } = request;
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : null;
  if (typeof key !== 'string' || key.length > KEY_LENGTH_MAX) throw refuseMember('#/key', 'key must be an API key.');
  return { apiKey: key.trim(), bearer: null };
}

function callerOrThrow(identified: Identified): Caller {
  if (identified.ok) return identified.caller;
  const { status, code, detail } = identified.refusal;
  const headers: Record<string, string> =
    status === 401 ? { 'www-authenticate': 'Bearer realm="sluice"' } : { 'retry-after': '5' };
  throw new ProblemError({ status, code, detail, headers });
}

function describe({ name, scopes }: Caller, csrf: string | null): SessionAnswer {
  return { needed: false, name, scopes, csrf };
}
