/* What an access token says of itself. Its signature is Graph's to check, and Microsoft may change what is in it: so it is shown, and nothing depends on it. */
import type { TokenClaims } from '@sluice/core';

const TEXT_LENGTH_MAX = 200;
const ROLES_MAX = 100;

/** Null: it is no JSON Web Token. */
export function readTokenClaims(token: string): TokenClaims | null {
  const [, middle, signature] = token.split('.');
  if (middle === undefined || signature === undefined) return null;
  const claims = parse(Buffer.from(middle, 'base64url').toString('utf8'));
  if (claims === null) return null;
  const issued = Number(claims['iat']);
  const roles = Array.isArray(claims['roles']) ? claims['roles'] : [];
  return {
    audience: textOf(claims['aud']),
    tenantId: textOf(claims['tid']),
    appId: textOf(claims['appid']) ?? textOf(claims['azp']),
    appName: textOf(claims['app_displayname']),
    objectId: textOf(claims['oid']),
    roles: roles.slice(0, ROLES_MAX).flatMap((role) => textOf(role) ?? []),
    issuedAtMs: issued > 0 ? issued * 1000 : null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, TEXT_LENGTH_MAX).toWellFormed() : null;
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
