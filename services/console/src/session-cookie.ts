/*
  The cookie of a session: no script reads it, no other site sends it, and over TLS it never travels in the clear. Its name
  over TLS begins with __Host-, which browsers give only to the site itself.
*/
import type { FastifyRequest } from '@sluice/http';

const PLAIN = 'sluice_session';
const SECURE = '__Host-sluice_session';
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';
const COOKIES_LENGTH_MAX = 8192;

export function sessionCookie(request: FastifyRequest, token: string): string {
  return isSecure(request) ? `${SECURE}=${token}; ${ATTRIBUTES}; Secure` : `${PLAIN}=${token}; ${ATTRIBUTES}`;
}

export function endedCookie(request: FastifyRequest): string {
  return `${sessionCookie(request, '')}; Max-Age=0`;
}

export function tokenOfCookie(request: FastifyRequest): string | null {
  const text = request.headers.cookie ?? '';
  if (text.length > COOKIES_LENGTH_MAX) return null;
  const name = isSecure(request) ? SECURE : PLAIN;
  const found = text.split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found === undefined ? null : found.slice(found.indexOf('=') + 1).trim();
}

/** Ours, or that of a proxy in front. Who claims the latter wrongly harms only his own cookie. */
function isSecure({ raw, headers }: FastifyRequest): boolean {
  return ('encrypted' in raw.socket && raw.socket.encrypted === true) || headers['x-forwarded-proto'] === 'https';
}
