export type { ServerLogger } from './answer-errors.ts';
export { buildServer, type HttpServer, type ServerLimits, type ServerSettings } from './build-server.ts';
export type { ShapeLimits } from './check-shape.ts';
export type { FastifyInstance, FastifyReply, FastifyRequest } from './fastify.ts';
export type { HealthSources, Readiness } from './health-routes.ts';
export { ListenError, listen } from './listen.ts';
export { isCharsetUtf8, parseJson } from './parse-json.ts';
export { HTTP_PROBLEMS, httpProblem, PROBLEM_TYPE, type Problem, ProblemError, sendProblem } from './problem.ts';
export { stopServer } from './stop-server.ts';
