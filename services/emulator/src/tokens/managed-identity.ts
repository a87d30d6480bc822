/* Managed identity, as App Service (GET /msi/token) and a virtual machine (GET /metadata/identity/oauth2/token) offer it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Behavior } from '../behavior/behavior.ts';
import { type Answer, jsonAnswer } from '../http/send.ts';
import { failureAnswer } from './entra-error.ts';
import { issueToken } from './token.ts';

/** A managed identity's requests name no tenant; this one stands in their tokens and in the ledger. */
export const MANAGED_IDENTITY_TENANT = '00000000-0000-4000-8000-000000000001';
const SYSTEM_CLIENT_ID = '00000000-0000-4000-8000-000000000002';

export interface IdentityRequest {
  readonly source: 'app-service' | 'virtual-machine';
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export function answerIdentityRequest(request: IdentityRequest, token: Behavior['token'], nowMs: number): Answer {
  const { source, query, headers } = request;
  const refusal = (status: number, text: string) =>
    jsonAnswer(status, { error: 'invalid_request', error_description: text });
  if (source === 'app-service' && !headers['x-identity-header']) {
    return refusal(401, 'The header X-IDENTITY-HEADER is missing.');
  }
  if (source === 'virtual-machine' && headers['metadata'] !== 'true') {
    return refusal(400, 'Required metadata header not specified.');
  }
  for (const name of ['api-version', 'resource']) {
    if (!query.get(name)) return refusal(400, `The query parameter '${name}' is missing.`);
  }
  if (token.fail !== null) return failureAnswer(token.fail, nowMs);
  const resource = query.get('resource')!;
  const clientId = query.get('client_id') ?? SYSTEM_CLIENT_ID;
  const expiresAtMs = nowMs + token.expiresIn * 1000;
  const claims = { tenant: MANAGED_IDENTITY_TENANT, clientId, issuedAtMs: nowMs, expiresAtMs, roles: token.roles };
  return jsonAnswer(200, {
    access_token: issueToken({ ...claims, audience: resource.replace(/\/$/, '') }),
    client_id: clientId,
    expires_in: String(token.expiresIn),
    expires_on: String(Math.floor(expiresAtMs / 1000)),
    not_before: String(Math.floor(nowMs / 1000)),
    resource,
    token_type: 'Bearer',
  });
}
