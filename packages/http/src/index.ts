export type { SendProblem, ServerLogger } from './answer-errors.ts';
export { bodyDigestOf } from './body-digest.ts';
export {
  buildServer,
  type HttpServer,
  type RouteName,
  type ServerLimits,
  type ServerSettings,
} from './build-server.ts';
export { REQUEST_ID } from './check-request.ts';
export type { ShapeLimits } from './check-shape.ts';
export type { FastifyInstance, FastifyReply, FastifyRequest } from './fastify.ts';
export { type GuardSettings, presentedBy, type RouteAccess } from './guard-routes.ts';
export type { HealthSources, Readiness } from './health-routes.ts';
export { LINE_TYPES, LineBody, type ParsedLine } from './line-body.ts';
export { ListenError, listen } from './listen.ts';
export { isCharsetUtf8, parseJson } from './parse-json.ts';
export { HTTP_PROBLEMS, httpProblem, PROBLEM_TYPE, type Problem, ProblemError, sendProblem } from './problem.ts';
export { endService, runService, type Service, type ServiceLogger } from './run-service.ts';
export { stopServer } from './stop-server.ts';
export { openTls, type TlsFiles, type TlsPair } from './tls-files.ts';
export { turnOf } from './turn-of.ts';
export { REACH_MS, type StoreWatch, type WatchedStore, watchStore } from './watch-store.ts';
