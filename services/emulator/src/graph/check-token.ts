/* Decides whether a call may come in: a bearer token of ours, for Graph, not expired. */
import { isObject } from '../is-object.ts';
import type { CheckedToken } from '../tokens/token.ts';
import type { GraphCall } from './call.ts';
import { type Refusal, usualRefusal } from './graph-error.ts';

const GRAPH_AUDIENCE =
  /^(https:\/\/(graph\.microsoft\.(com|us)|dod-graph\.microsoft\.us)|00000003-0000-0000-c000-000000000000|https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)\/?$/;
const CHALLENGE =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"';

/** Either is enough (permissions of externalItem: addActivities). */
export const ITEM_ROLES = ['ExternalItem.ReadWrite.OwnedBy', 'ExternalItem.ReadWrite.All'];

export type TokenVerdict = { readonly tenant: string } | { readonly refusal: Refusal };

export interface TokenRules {
  readonly readToken: (token: string) => CheckedToken | null;
  readonly claims: Claims | null;
  /** One of them is enough; empty: none is needed. */
  readonly roles: readonly string[];
}

export function checkToken(
  call: Pick<GraphCall, 'authorization' | 'arrivedMs' | 'host'>,
  { readToken, claims, roles }: TokenRules,
): TokenVerdict {
  const given = /^bearer +(\S+)$/i.exec(call.authorization ?? '')?.[1];
  if (given === undefined) return refused('Access token is empty.');
  const token = readToken(given);
  if (token === null) return refused('Access token validation failure. Invalid token: it was not issued here.');
  if (call.arrivedMs >= token.expiresAtMs) return refused('Lifetime validation failed, the token is expired.');
  if (!GRAPH_AUDIENCE.test(token.audience) && !isOwnHost(token.audience, call.host)) {
    return refused('Access token validation failure. Invalid audience.');
  }
  if (claims !== null && !includesClaims(token.claims, claims)) return challenged(claims);
  const permitted = roles.length === 0 || roles.some((role) => token.roles.includes(role));
  return permitted ? { tenant: token.tenant } : { refusal: usualRefusal(403) };
}

/** A connector pointed at the emulator by name may ask for a token whose audience is that name. */
function isOwnHost(audience: string, host: string): boolean {
  return host !== '' && audience.replace(/^https?:\/\//, '').replace(/\/$/, '') === host;
}

type Claims = Readonly<Record<string, unknown>>;

/** Everything that is wanted was asked for; the client may have asked for more. */
function includesClaims(given: unknown, wanted: unknown): boolean {
  if (!isObject(wanted)) return wanted === null || given === wanted;
  return isObject(given) && Object.entries(wanted).every(([name, inner]) => includesClaims(given[name], inner));
}

function challenged(claims: Claims): TokenVerdict {
  const encoded = Buffer.from(JSON.stringify(claims), 'utf8').toString('base64');
  const challenge = `${CHALLENGE}, error="insufficient_claims", claims="${encoded}"`;
  const text =
    'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp';
  return {
    refusal: { status: 401, code: 'InvalidAuthenticationToken', text, headers: { 'WWW-Authenticate': challenge } },
  };
}

function refused(text: string): TokenVerdict {
  return {
    refusal: { status: 401, code: 'InvalidAuthenticationToken', text, headers: { 'WWW-Authenticate': CHALLENGE } },
  };
}
