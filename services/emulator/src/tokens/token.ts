/*
  Access tokens of the emulator's own: they look like a JSON Web Token, and nobody but the emulator need understand them.
  The key is no secret, on purpose: tokens stay good when the emulator is killed and started again, as Entra's do.
*/
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface TokenClaims {
  readonly tenant: string;
  readonly clientId: string;
  readonly audience: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly roles: readonly string[];
  /** Claims that the token was asked for with. */
  readonly claims?: unknown;
}

const KEY = 'sluice emulator access tokens';
/** The application's own object in every tenant. */
const APPLICATION_OBJECT = '00000000-0000-4000-8000-000000000003';
const HEADER = base64url(JSON.stringify({ typ: 'JWT', alg: 'HS256' }));

export function issueToken(claims: TokenClaims): string {
  const body = base64url(
    JSON.stringify({
      aud: claims.audience,
      iss: `https://sts.windows.net/${claims.tenant}/`,
      iat: Math.floor(claims.issuedAtMs / 1000),
      nbf: Math.floor(claims.issuedAtMs / 1000),
      exp: Math.floor(claims.expiresAtMs / 1000),
      expMs: claims.expiresAtMs,
      appid: claims.clientId,
      idtyp: 'app',
      oid: APPLICATION_OBJECT,
      roles: claims.roles,
      tid: claims.tenant,
      ...(claims.claims !== undefined && { askedClaims: claims.claims }),
    }),
  );
  return `${HEADER}.${body}.${signature(`${HEADER}.${body}`)}`;
}

/** What every token carries unless the behaviour says otherwise. */
export const ROLES_USUAL: readonly string[] = ['ExternalItem.ReadWrite.OwnedBy'];

export interface CheckedToken {
  readonly tenant: string;
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly roles: readonly string[];
  readonly claims: unknown;
}

/** What an own token says; null for anything else. Expiry is the caller's to judge. */
export function readToken(token: string): CheckedToken | null {
  const [header, body, given, more] = token.split('.');
  if (header !== HEADER || body === undefined || given === undefined || more !== undefined) return null;
  const right = Buffer.from(signature(`${header}.${body}`));
  const claimed = Buffer.from(given);
  if (claimed.length !== right.length || !timingSafeEqual(claimed, right)) return null;
  const { tid, aud, expMs, roles, askedClaims } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  return { tenant: tid, audience: aud, expiresAtMs: expMs, roles: roles ?? ROLES_USUAL, claims: askedClaims };
}

const CACHED_MAX = 1000;

/** Remembers tokens already read: a client sends the same one for an hour, and the signature costs more than the rest of the check. */
export function createTokenReader(): (token: string) => CheckedToken | null {
  const known = new Map<string, CheckedToken>();
  return (token) => {
    const cached = known.get(token);
    if (cached !== undefined) return cached;
    const read = readToken(token);
    if (read === null) return null;
    if (known.size >= CACHED_MAX) known.clear();
    known.set(token, read);
    return read;
  };
}

function signature(text: string): string {
  return createHmac('sha256', KEY).update(text).digest('base64url');
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
