/*
  An access token of Entra: RS256 and nothing else, signed with a key of the tenant's, saying what check-claims asks for. What it
  was not verified for is not believed, with one exception that harms nobody: a token made for somebody else is told for whom it
  should be made, because that is the mistake everybody makes first.
*/
import {
  type Caller,
  type Claims,
  checkClaims,
  type Identified,
  makeTokenCaller,
  type TokenProblem,
  type TokenRules,
} from '@sluice/core';
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWSHeaderParameters } from 'jose';
import { hashKey } from './hash-key.ts';
import type { TokenKeys } from './token-keys.ts';

export interface VerifyTokenParts {
  readonly rules: TokenRules;
  readonly keys: TokenKeys;
  /** Seconds since 1970. */
  readonly nowS: () => number;
}

export type VerifyToken = (token: string) => Promise<Identified>;

/** So many verified tokens are remembered, so long at most: a signature costs as much as a small request. */
const REMEMBERED_MAX = 1000;
const REMEMBERED_S_MAX = 300;
const RETRY_AFTER_DETAIL = 'The keys that tokens are signed with cannot be fetched now; send the request again.';

/** Three parts of base64url, the first of which is a JSON object. */
export function looksLikeToken(text: string): boolean {
  return /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);
}

export function verifyTokens({ rules, keys, nowS }: VerifyTokenParts): VerifyToken {
  const remembered = new Map<string, { readonly caller: Caller; readonly claims: Claims; readonly untilS: number }>();
  const refuse = (code: TokenProblem): Identified => {
    return { ok: false, refusal: { status: 401, code, detail: explainToken(code, rules.audience) } };
  };

  async function verify(token: string): Promise<Claims | Identified> {
    const header = readHeader(token);
    if (header?.alg !== 'RS256' || typeof header.kid !== 'string') {
      return refuse(isForAnother(token, rules.audience) ? 'token_audience_wrong' : 'token_invalid');
    }
    // Before the signature, because a token made for another is signed in ways that we cannot verify.
    if (isForAnother(token, rules.audience)) return refuse('token_audience_wrong');
    const key = await keys.keyOf(header);
    if (key === 'unavailable') {
      return { ok: false, refusal: { status: 503, code: 'token_keys_unavailable', detail: RETRY_AFTER_DETAIL } };
    }
    if (key === 'unknown') return refuse('token_invalid');
    try {
      const { payload } = await compactVerify(token, key, { algorithms: ['RS256'] });
      return JSON.parse(Buffer.from(payload).toString('utf8')) as Claims;
    } catch {
      return refuse('token_invalid');
    }
  }

  return async (token) => {
    const digest = hashKey(token);
    const known = remembered.get(digest);
    if (known !== undefined && known.untilS > nowS()) {
      const problem = checkClaims(known.claims, rules, nowS());
      return problem === null ? { ok: true, caller: known.caller } : refuse(problem);
    }
    remembered.delete(digest);
    const claims = await verify(token);
    if (isIdentified(claims)) return claims;
    const problem = checkClaims(claims, rules, nowS());
    if (problem !== null) return refuse(problem);
    const caller = makeTokenCaller(claims);
    if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    remembered.set(digest, { caller, claims, untilS: nowS() + REMEMBERED_S_MAX });
    return { ok: true, caller };
  };
}

export function explainToken(code: TokenProblem, audience: string): string {
  switch (code) {
    case 'token_audience_wrong':
      return `The token was made for somebody else, such as Microsoft Graph; ask for one with the audience ${audience} (scope ${audience}/.default).`;
    case 'token_issuer_wrong':
      return 'The token is of another tenant than the one this Sluice belongs to.';
    case 'token_expired':
      return 'The token has expired; ask for a new one.';
    case 'token_not_yet_valid':
      return 'The token is not valid yet; the clocks of the machines may differ.';
    case 'token_invalid':
      return 'The token is not one that this Sluice can verify: RS256, signed with a current key of its tenant.';
    default:
      return code satisfies never;
  }
}

/** Whether the token says, verified or not, that it is for another audience. */
export function isForAnother(token: string, audience: string): boolean {
  try {
    const { aud } = decodeJwt(token);
    return typeof aud === 'string' && aud !== audience;
  } catch {
    return false;
  }
}

function readHeader(token: string): JWSHeaderParameters | null {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return null;
  }
}

function isIdentified(value: Claims | Identified): value is Identified {
  return 'ok' in value && 'refusal' in value;
}
