/*
  accept: what an Entra access token must say besides being signed: for us, by our tenant, in its time, with a role of ours.
  The signature has been verified before; nothing here makes an unsigned token good.
*/
import { type Caller, SCOPES, type Scope } from './caller.ts';

export interface TokenRules {
  readonly tenantId: string;
  readonly audience: string;
  /** Entra's two token versions name their issuer differently; each exactly. */
  readonly issuers: readonly string[];
}

export type TokenProblem =
  | 'token_audience_wrong'
  | 'token_issuer_wrong'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_invalid';

export type Claims = Readonly<Record<string, unknown>>;

/** Clocks of two machines differ; so much is forgiven either way. */
export const TOKEN_SKEW_S = 60;
const ROLES: Readonly<Record<string, Scope>> = {
  'Sluice.Ingest': 'ingest',
  'Sluice.Read': 'read',
  'Sluice.Operate': 'operate',
};
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Why not; null: it may be used. */
export function checkClaims(claims: Claims, rules: TokenRules, nowS: number): TokenProblem | null {
  const { aud, iss, tid, exp, nbf } = claims;
  if (aud !== rules.audience) return 'token_audience_wrong';
  if (typeof iss !== 'string' || !rules.issuers.includes(iss) || tid !== rules.tenantId) return 'token_issuer_wrong';
  if (!isTime(exp)) return 'token_invalid';
  if (exp + TOKEN_SKEW_S <= nowS) return 'token_expired';
  if (nbf !== undefined && !isTime(nbf)) return 'token_invalid';
  return isTime(nbf) && nbf - TOKEN_SKEW_S > nowS ? 'token_not_yet_valid' : null;
}

/** A token says what may be done, on every connection: Entra's roles know nothing of connections. */
export function makeTokenCaller(claims: Claims): Caller {
  const roles = Array.isArray(claims['roles']) ? claims['roles'] : [];
  const held = new Set(
    roles.map((role) => (typeof role === 'string' && Object.hasOwn(ROLES, role) ? ROLES[role] : null)),
  );
  const app = idOf(claims['azp']) ?? idOf(claims['appid']);
  // A person who signed in through an application is named as well, by the id of the directory.
  const person = claims['scp'] === undefined ? null : idOf(claims['oid']);
  const id = [app ?? 'unknown', person].filter((part) => part !== null).join(':');
  return {
    kind: 'token',
    id,
    name: person === null ? `app ${app ?? 'unknown'}` : `user ${person} of app ${app ?? 'unknown'}`,
    scopes: SCOPES.filter((scope) => held.has(scope)),
    connections: '*',
    limits: { requestsPerSecond: null, activitiesPerSecond: null },
    receipts: true,
  };
}

function idOf(claim: unknown): string | null {
  return typeof claim === 'string' && ID.test(claim) ? claim : null;
}

function isTime(claim: unknown): claim is number {
  return typeof claim === 'number' && Number.isFinite(claim) && claim >= 0;
}
