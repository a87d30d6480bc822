/** Longer ones are none: the whole response header has 16 KiB. */
const CHALLENGE = /\bclaims="([A-Za-z0-9+/_-]{2,8192}={0,2})"/;

/**
 * The claims that a 401 asks the next token to carry, as JSON; null: it asks for none.
 * `WWW-Authenticate: Bearer …, error="insufficient_claims", claims="<base64>"` (learn.microsoft.com/entra/identity-platform/claims-challenge).
 */
export function readClaimsChallenge(wwwAuthenticate: string | null): string | null {
  const encoded = CHALLENGE.exec(wwwAuthenticate ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    const claims: unknown = JSON.parse(text);
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? text : null;
  } catch {
    return null;
  }
}
