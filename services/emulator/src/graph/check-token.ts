/* Decides whether a call may come in: a bearer token of ours, for Graph, not expired. */
import type { CheckedToken } from '../tokens/token.ts';
import type { GraphCall } from './call.ts';
import type { Refusal } from './graph-error.ts';

const GRAPH_AUDIENCE =
  /^(https:\/\/(graph\.microsoft\.(com|us)|dod-graph\.microsoft\.us)|00000003-0000-0000-c000-000000000000|https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)\/?$/;
const CHALLENGE =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"';

export type TokenVerdict = { readonly tenant: string } | { readonly refusal: Refusal };

export function checkToken(call: GraphCall, readToken: (token: string) => CheckedToken | null): TokenVerdict {
  const given = /^bearer +(\S+)$/i.exec(call.authorization ?? '')?.[1];
  if (given === undefined) return refused('Access token is empty.');
  const token = readToken(given);
  if (token === null) return refused('Access token validation failure. Invalid token: it was not issued here.');
  if (call.arrivedMs >= token.expiresAtMs) return refused('Lifetime validation failed, the token is expired.');
  if (!GRAPH_AUDIENCE.test(token.audience) && !isOwnHost(token.audience, call.host)) {
    return refused('Access token validation failure. Invalid audience.');
  }
  return { tenant: token.tenant };
}

/** A connector pointed at the emulator by name may ask for a token whose audience is that name. */
function isOwnHost(audience: string, host: string): boolean {
  return host !== '' && audience.replace(/^https?:\/\//, '').replace(/\/$/, '') === host;
}

function refused(text: string): TokenVerdict {
  return {
    refusal: { status: 401, code: 'InvalidAuthenticationToken', text, headers: { 'WWW-Authenticate': CHALLENGE } },
  };
}
