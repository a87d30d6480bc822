/* What is checked before anything is routed to: one Host, ours; a plain path; and the id a request is known by. */
import type { IncomingMessage } from 'node:http';
import { httpProblem, type Problem } from './problem.ts';

/** What an id of a request may be to be repeated in an answer. */
export const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** The caller's X-Request-Id when it may be echoed; null otherwise. */
export function requestIdOf(request: IncomingMessage): string | null {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : null;
}

/** Null: go on. `local`: a page of another origin must not reach a service without keys through the browser (DNS rebinding). */
export function checkRequest(request: IncomingMessage, hostsAllowed: 'local' | 'any'): Problem | null {
  const hosts = countHosts(request.rawHeaders);
  // HTTP/1.0 knew no Host; some probes of load balancers still speak it.
  if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) return httpProblem('host_ambiguous');
  if (!request.url?.startsWith('/')) return httpProblem('target_not_path');
  const host = request.headers.host;
  if (hostsAllowed === 'local' && (host === undefined || !LOCAL_HOST.test(host)))
    return httpProblem('host_not_allowed');
  return null;
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}
