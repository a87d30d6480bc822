/*
  accept: before anything of a request is looked at, who asks and whether they may: 401, then 403. A route that says nothing
  asks for what its service's rule says; so one that somebody forgets to guard is guarded.
*/
import {
  type Access,
  ANYBODY,
  type Caller,
  checkCaller,
  type Demand,
  type Denial,
  type Identified,
  SCOPES,
  type Scope,
} from '@sluice/core';
import type { FastifyInstance, FastifyRequest } from './fastify.ts';
import { type Problem, ProblemError } from './problem.ts';

/** What a route asks for, in its `config`. */
export interface RouteAccess {
  /** Any one of them; `open`: nobody has to say who they are. */
  readonly scopes?: readonly Scope[] | 'open';
  /** It shows or changes what belongs to every connection, so a key for some of them is not enough. */
  readonly everyConnection?: boolean;
  /** A page: browsers ask their user for the key, and send it as the password of Basic. Nothing that changes anything may say this. */
  readonly page?: boolean;
}

export interface GuardSettings {
  readonly access: Access;
  /** What a route asks for that does not say it. */
  readonly scopesOf: (method: string) => readonly Scope[];
  /** Who asks by other means than a key or a token; null: nobody. May reject with a ProblemError. */
  readonly sessionOf?: (request: FastifyRequest) => Promise<Caller | null>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. ANYBODY on open routes, and where nobody has to say who they are. */
    caller: Caller;
  }
  interface FastifyContextConfig extends RouteAccess {}
}

const REALM = 'Bearer realm="sluice"';
/** A challenge of its own, because browsers look at the first of a header only. */
const BASIC = 'Basic realm="sluice", charset="UTF-8"';
const KEYS_RETRY_S = '5';

export function guardRoutes(app: FastifyInstance, guard: GuardSettings | undefined): void {
  app.decorateRequest('caller');
  app.addHook('onRequest', (request, _reply, done) => {
    request.caller = ANYBODY;
    if (guard === undefined || !guard.access.required || request.routeOptions.config?.scopes === 'open') {
      done();
      return;
    }
    const admit = (caller: Caller): Error | undefined => {
      request.caller = caller;
      const denial = checkCaller(caller, demandOf(request, guard));
      return denial === null ? undefined : new ProblemError(denialProblem(denial, demandOf(request, guard)));
    };
    const answer = (identified: Identified): void => {
      done(identified.ok ? admit(identified.caller) : new ProblemError(refusalProblem(identified, request)));
    };
    const presented = presentedBy(request);
    const identify = (): void => {
      const keyed = hasCredentials(presented) ? presented : { ...presented, bearer: keyOfPage(request) };
      const identified = guard.access.identify(keyed);
      if (identified instanceof Promise) identified.then(answer, (error: Error) => done(error));
      else answer(identified);
    };
    if (hasCredentials(presented) || guard.sessionOf === undefined) {
      identify();
      return;
    }
    guard.sessionOf(request).then(
      (session) => (session === null ? identify() : done(admit(session))),
      (error: Error) => done(error),
    );
  });
}

/** The key of a browser's user; null: it has sent none. */
function keyOfPage(request: FastifyRequest): string | null {
  if (request.routeOptions.config?.page !== true) return null;
  const encoded = /^basic +([A-Za-z0-9+/=]{1,400}) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

/** What a request says of who sends it. */
export function presentedBy({ headers }: Pick<FastifyRequest, 'headers'>) {
  const apiKey = headers['x-api-key'];
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null;
  return { apiKey: typeof apiKey === 'string' ? apiKey : null, bearer };
}

function hasCredentials({ apiKey, bearer }: ReturnType<typeof presentedBy>): boolean {
  return apiKey !== null || bearer !== null;
}

function demandOf(request: FastifyRequest, { scopesOf }: GuardSettings): Demand {
  const { config, url } = request.routeOptions;
  const { connectionId } = (request.params ?? {}) as { readonly connectionId?: string };
  const declared = config?.scopes;
  // At a path where nothing is, any caller is told so.
  const scopes =
    url === undefined ? SCOPES : declared === undefined || declared === 'open' ? scopesOf(request.method) : declared;
  return { scopes, connectionId: connectionId ?? null, everyConnection: config?.everyConnection ?? false };
}

function refusalProblem(identified: Identified & { readonly ok: false }, request: FastifyRequest): Problem {
  const { status, code, detail } = identified.refusal;
  if (status === 503) return { status, code, detail, headers: { 'retry-after': KEYS_RETRY_S } };
  const given = hasCredentials(presentedBy(request));
  const bearer = given ? `${REALM}, error="invalid_token"` : REALM;
  const page = request.routeOptions.config?.page === true;
  return { status, code, detail, headers: { 'www-authenticate': page ? [bearer, BASIC] : bearer } };
}

/** The same sentences whether or not what was asked for exists. */
function denialProblem(denial: Denial, { scopes }: Demand): Problem {
  if (denial === 'connection_not_allowed') {
    return { status: 403, code: denial, detail: 'This key is not allowed on this connection.' };
  }
  const wanted = scopes.join(' or ');
  return {
    status: 403,
    code: denial,
    detail: `This key does not have the scope ${wanted}.`,
    headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${scopes.join(' ')}"` },
  };
}
