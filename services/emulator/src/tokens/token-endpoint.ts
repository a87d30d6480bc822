/* POST /{tenant}/oauth2/v2.0/token: the client credentials flow, with a secret or an assertion. Any value of either is good. */
import type { Behavior } from '../behavior/behavior.ts';
import { TENANT } from '../graph/ids.ts';
import { type Answer, jsonAnswer } from '../http/send.ts';
import { type EntraError, entraError, failureAnswer } from './entra-error.ts';
import { issueToken } from './token.ts';

export interface TokenRequest {
  readonly tenant: string;
  readonly contentType: string;
  readonly body: string;
}

const SHARED_TENANTS = new Set(['common', 'organizations', 'consumers']);
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export function answerTokenRequest(request: TokenRequest, token: Behavior['token'], nowMs: number): Answer {
  if (token.fail !== null) return failureAnswer(token.fail, nowMs);
  const form = new URLSearchParams(request.body);
  const problem = tokenRequestProblem(request, form);
  if (problem !== null) return entraError(problem, nowMs);
  const claims = readClaims(form.get('claims'));
  const accessToken = issueToken({
    tenant: request.tenant,
    clientId: form.get('client_id')!,
    audience: form.get('scope')!.slice(0, -'/.default'.length),
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + token.expiresIn * 1000,
    roles: token.roles,
    ...(claims !== undefined && { claims }),
  });
  return jsonAnswer(200, {
    token_type: 'Bearer',
    expires_in: token.expiresIn,
    ext_expires_in: token.expiresIn,
    access_token: accessToken,
  });
}

const CLAIMS_LENGTH_MAX = 4096;

/** What is no JSON is as good as nothing. */
function readClaims(text: string | null): unknown {
  if (text === null || text.length > CLAIMS_LENGTH_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tokenRequestProblem({ tenant, contentType }: TokenRequest, form: URLSearchParams): EntraError | null {
  const invalid = (number: number, text: string, error = 'invalid_request', status = 400) => ({
    status,
    error,
    number,
    text,
  });
  if (!TENANT.test(tenant) || SHARED_TENANTS.has(tenant.toLowerCase())) {
    return invalid(90002, `Tenant '${tenant.slice(0, 128)}' not found. Client credentials need a tenant of their own.`);
  }
  if (!contentType.toLowerCase().startsWith('application/x-www-form-urlencoded')) {
    return invalid(900144, "The request body must be 'application/x-www-form-urlencoded'.");
  }
  for (const name of ['grant_type', 'client_id', 'scope']) {
    if (!form.get(name)) {
      return invalid(900144, `The request body must contain the following parameter: '${name}'.`);
    }
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return invalid(70003, 'The app requested an unsupported grant type.', 'unsupported_grant_type');
  }
  if (!form.get('client_secret') && !form.get('client_assertion')) {
    const text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    return invalid(7000218, text, 'invalid_client', 401);
  }
  if (form.get('client_assertion') && form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return invalid(900144, `The parameter 'client_assertion_type' must be '${ASSERTION_TYPE}'.`);
  }
  if (!/^[^\s]+\/\.default$/.test(form.get('scope')!)) {
    const text = `The provided value for scope ${form.get('scope')!.slice(0, 128)} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`;
    return invalid(1002012, text, 'invalid_scope');
  }
  return null;
}
