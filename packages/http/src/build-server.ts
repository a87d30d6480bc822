/*
  A server with every bound in place: sizes, depths, times, connections. Rooms add their routes to `app`; what happens
  around them (ids, hosts, bodies, errors, health, stopping) is the same in every service.
*/

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { FastifyHttpOptions } from 'fastify';
import type { Admission, AdmissionLimits } from './admit-bodies.ts';
import {
  answerClientError,
  answerError,
  answerExpectation,
  type SendProblem,
  type ServerLogger,
} from './answer-errors.ts';
import { digestBody } from './body-digest.ts';
import { checkRequest, requestIdOf } from './check-request.ts';
import { Fastify, type FastifyInstance, type FastifyRequest } from './fastify.ts';
import { type GuardSettings, guardRoutes } from './guard-routes.ts';
import { addHealthRoutes, type HealthSources } from './health-routes.ts';
import { knowMethods } from './know-methods.ts';
import { createLineBodies, type LineBodies, type LineLimits } from './line-body.ts';
import { isCharsetUtf8, parseJson } from './parse-json.ts';
import { httpProblem, type Problem, ProblemError, sendProblem } from './problem.ts';
import { createBodyReader } from './read-body.ts';
import { shedRequests } from './shed-requests.ts';
import { type Draining, watchDraining } from './stop-server.ts';
import type { TlsFiles } from './tls-files.ts';
import { keepTurn } from './turn-of.ts';
import type { LoadLimits } from './watch-load.ts';
import { OVERLOADED, startAdmission, watchOverload } from './watch-overload.ts';

export interface ServerSettings {
  readonly logger: ServerLogger;
  /** Makes the id of a request whose caller gave none. */
  readonly requestId: () => string;
  /** `local`: a Host other than localhost, 127.0.0.1 or [::1] gets 421. */
  readonly hostsAllowed: 'local' | 'any';
  /** Largest body, decoded. */
  readonly bodyBytesMax: number;
  /** `absent`: a body of no bytes is none, whatever its type says, and the route decides. Refused, unless said. */
  readonly emptyBodies?: 'refused' | 'absent';
  readonly health: HealthSources;
  /** Who may ask; without it everybody who reaches this server. */
  readonly guard?: GuardSettings;
  /** With it the server speaks https, and nothing else. */
  readonly tls?: TlsFiles | null;
  /** Header fields of every answer, refusals too. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once for each answered request. `route` is the pattern; `unmatched` when there was none, `refused` when nobody looked for one. */
  readonly onAnswered?: (answer: { readonly route: string; readonly status: number; readonly seconds: number }) => void;
  /** Told of each request before anything is done with it, to run the rest inside; what it answers is told what was answered. Null: of none. */
  readonly trace?: TraceRequest | null;
  readonly limits?: Partial<ServerLimits>;
}

export type TraceRequest = (
  request: {
    readonly method: string;
    readonly route: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  },
  next: () => void,
) => (answer: { readonly status: number }) => void;

export interface ServerLimits extends LineLimits, LoadLimits, AdmissionLimits {
  /** Bytes of bodies whose requests are not answered yet, all together; 503 beyond it. */
  readonly receivingBytesMax: number;
  readonly connectionsMax: number;
  /** Time for the header fields to arrive; 408 beyond it. */
  readonly headersTimeoutMs: number;
  /** Time for the whole request to arrive, a body of lines apart; 408 beyond it. Never below headersTimeoutMs: Node would swap the two. */
  readonly requestTimeoutMs: number;
  /** Time between looks for late requests; it adds to both. */
  readonly timeoutsCheckedEveryMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A connection on which nothing moves for this long is cut: callers who do not read their answer. */
  readonly socketTimeoutMs: number;
}

const LIMITS: ServerLimits = {
  depthMax: 16,
  membersMax: 256,
  valuesMax: 200_000,
  receivingBytesMax: 48 * 1024 * 1024,
  workBytesMin: 1024 * 1024,
  workBytesMax: 16 * 1024 * 1024,
  turnWaitMsMax: 600,
  answeringMax: 4000,
  turnMsMax: 300,
  answeringMin: 64,
  connectionsMax: 10_000,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 8000,
  timeoutsCheckedEveryMs: 1000,
  keepAliveTimeoutMs: 5000,
  socketTimeoutMs: 60_000,
  lineBytesMax: 16_384,
  lineIdleMs: 10_000,
  lineBodiesMax: 256,
};

export interface RouteName {
  readonly method: string;
  /** With its parameters as `:name`. */
  readonly url: string;
}

const TLS_MIN = 'TLSv1.2';

export interface HttpServer {
  /** Where routes are added, before `listen`. */
  readonly app: FastifyInstance;
  readonly draining: Draining;
  /** Everything there is to ask, complete once the server is ready. */
  readonly routes: readonly RouteName[];
  readonly lineBodies: Pick<LineBodies, 'accept'>;
  /** Routes of this scope say in their own way what went wrong; so does what is no route, below these paths. */
  readonly answerErrors: (scope: FastifyInstance, send: SendProblem, below?: readonly string[]) => void;
}

export function buildServer(settings: ServerSettings): HttpServer {
  const limits = { ...LIMITS, ...settings.limits };
  const lineBodies = createLineBodies(limits);
  const shapes = new Map<string, SendProblem>();
  const app = Fastify(fastifyOptions(settings, limits, { ...lineBodies, shapes }));
  const admission = startAdmission(app, limits);
  const overload = watchOverload(app, limits, admission);
  let isStopping = () => false;
  shedRequests(app.server, {
    isTooMuch: (method, url) => shapeOf(shapes, url) === undefined && overload.isTooMuch(method, url),
    problem: OVERLOADED.problem,
    requestIdOf: (request) => requestIdOf(request) ?? settings.requestId(),
    isStopping: () => isStopping(),
    onShed: (seconds) => settings.onAnswered?.({ route: 'refused', status: OVERLOADED.problem.status, seconds }),
  });
  app.server.maxConnections = limits.connectionsMax;
  app.server.on('checkExpectation', answerExpectation);
  settings.tls?.onRenewed((pair) => (app.server as TlsServer).setSecureContext({ ...pair, minVersion: TLS_MIN }));
  const draining = watchDraining(app.server);
  ({ isStopping } = draining);
  addJsonParser(app, { settings, limits, admission });
  app.setErrorHandler(answerError(settings.logger));
  const methodsOf = knowMethods(app);
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, httpProblem('route_not_found')));
  if (settings.trace !== undefined && settings.trace !== null) traceRequests(app, settings.trace);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (settings.headers !== undefined) reply.headers(settings.headers);
    if (draining.isStopping()) reply.header('connection', 'close');
    const problem = checkRequest(request.raw, settings.hostsAllowed);
    done(problem === null ? undefined : new ProblemError(problem));
  });
  overload.refuse();
  const routes: RouteName[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    routes.push(...[method].flat().map((each) => ({ method: each, url })));
  });
  guardRoutes(app, settings.guard);
  // Before a body is looked at: what is wrong with it does not matter where nothing takes it.
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? new ProblemError(refuseUnmatched(methodsOf(pathOf(request.url)))) : undefined);
  });
  const { onAnswered } = settings;
  if (onAnswered !== undefined) {
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unmatched';
      onAnswered({ route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
      done();
    });
  }
  addHealthRoutes(app, settings.health, draining.isStopping);
  const answerErrors: HttpServer['answerErrors'] = (scope, send, below = []) => {
    scope.setErrorHandler(answerError(settings.logger, send));
    for (const path of below) shapes.set(path, send);
  };
  return { app, draining, routes, lineBodies, answerErrors };
}

/** Only what brings something: who looks at health or metrics has no story. */
function traceRequests(app: FastifyInstance, trace: TraceRequest): void {
  const ends = new WeakMap<FastifyRequest, (answer: { readonly status: number }) => void>();
  app.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const route = request.routeOptions.url;
    if (method !== 'POST' || route === undefined) return done();
    ends.set(request, trace({ method, route, headers }, done));
  });
  app.addHook('onResponse', (request, reply, done) => {
    ends.get(request)?.({ status: reply.statusCode });
    done();
  });
}

function fastifyOptions(
  settings: ServerSettings,
  limits: ServerLimits,
  { isArriving, shapes }: Pick<LineBodies, 'isArriving'> & { readonly shapes: ReadonlyMap<string, SendProblem> },
): FastifyHttpOptions<Server> {
  const answer = answerError(settings.logger, (reply, problem, requestId) => {
    const { url } = reply.request;
    return (shapeOf(shapes, url) ?? sendProblem)(reply, problem, requestId);
  });
  return {
    logger: false,
    trustProxy: false,
    bodyLimit: settings.bodyBytesMax,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    connectionTimeout: limits.socketTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // While stopping, what still arrives on open connections is answered in full, with `connection: close`.
    return503OnClosing: false,
    ...transportOptions(settings, limits),
    // An item id may have 128 characters; some more, so that a longer one is refused by its rule and not by the router.
    routerOptions: { maxParamLength: 256, caseSensitive: true, ignoreTrailingSlash: false },
    requestIdHeader: false,
    genReqId: (request) => requestIdOf(request) ?? settings.requestId(),
    frameworkErrors: answer,
    clientErrorHandler: answerClientError(isArriving),
  };
}

/** How errors are said below the path. */
function shapeOf(shapes: ReadonlyMap<string, SendProblem>, url: string): SendProblem | undefined {
  for (const [path, send] of shapes) if (url.startsWith(`${path}/`)) return send;
  return undefined;
}

/** The same bounds for http and https. */
function transportOptions({ tls }: ServerSettings, limits: ServerLimits): object {
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.timeoutsCheckedEveryMs,
    // Node would refuse without a word; checkRequest says why.
    requireHostHeader: false,
    insecureHTTPParser: false,
    maxHeaderSize: 16_384,
  };
  if (tls === undefined || tls === null) return { http: options };
  return { https: { ...options, ...tls.current(), minVersion: TLS_MIN, handshakeTimeout: limits.headersTimeoutMs } };
}

function pathOf(url: string): string {
  return url.split('?', 1)[0]!;
}

function refuseUnmatched(methods: readonly string[]): Problem {
  if (methods.length === 0) return httpProblem('route_not_found');
  return { ...httpProblem('method_not_allowed'), headers: { allow: methods.join(', ') } };
}

interface JsonParserParts {
  readonly settings: ServerSettings;
  readonly limits: ServerLimits;
  readonly admission: Admission;
}

function addJsonParser(app: FastifyInstance, { settings, limits, admission }: JsonParserParts): void {
  const { bodyBytesMax } = settings;
  const readBody = createBodyReader({ bodyBytesMax, receivingBytesMax: limits.receivingBytesMax });
  app.removeAllContentTypeParsers();
  const responses = new WeakMap<IncomingMessage, ServerResponse>();
  app.addHook('onRequest', (request, reply, done) => {
    responses.set(request.raw, reply.raw);
    done();
  });
  app.addContentTypeParser('application/json', async (request: FastifyRequest, stream: IncomingMessage) => {
    if (!isCharsetUtf8(request.headers['content-type'] ?? ''))
      throw new ProblemError(httpProblem('charset_unsupported'));
    const response = responses.get(stream)!;
    const body = await readBody(request.headers, stream, response);
    if (body.length === 0 && settings.emptyBodies === 'absent') return undefined;
    const entered = admission.enter(body.length);
    const turn = entered instanceof Promise ? await entered : entered;
    if (turn === null) throw OVERLOADED;
    keepTurn(request, response, turn);
    // Who went away while he waited is not answered by anything, so nothing is done for him.
    if (response.closed) {
      turn.end();
      throw new ProblemError(httpProblem('body_cut_off'));
    }
    digestBody(request, body);
    return parseJson(body, limits);
  });
}
