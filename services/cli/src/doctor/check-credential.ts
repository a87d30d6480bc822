/* The credential of one tenant: a token as a worker gets it, what it may, when it ends, and whether Graph takes it. */
import type { GraphConfig, TenantConfig } from '@sluice/config';
import type { GraphCheckup, GraphLook, TokenLook } from '@sluice/core';
import { type Finding, findClock, findingsOf, forTime } from './finding.ts';
import { adviseNetwork, adviseRefusal } from './token-advice.ts';

export interface CredentialParts {
  readonly tenant: TenantConfig;
  readonly checkup: GraphCheckup;
  readonly nowMs: () => number;
  /** Told at once, so that who waits sees something. */
  readonly tell: (finding: Finding) => void;
}

/** What later looks need to know. */
export interface CredentialLook {
  readonly token: Extract<TokenLook, { kind: 'token' }> | null;
  /** Graph answered, and did not refuse the token. */
  readonly graphTaken: boolean;
}

const EXPIRES_SOON_MS = 14 * 86_400_000;
export const ITEM_ROLES: readonly string[] = ['ExternalItem.ReadWrite.OwnedBy', 'ExternalItem.ReadWrite.All'];

export async function checkCredential(parts: CredentialParts): Promise<CredentialLook> {
  const { tenant, checkup, tell, nowMs } = parts;
  const graph = tenant.graph!;
  const expiresAtMs = graph.secretExpiresMs ?? (await checkup.expiresAtMs());
  tell(findExpiry(tenant, expiresAtMs, nowMs()));
  const token = await checkup.token();
  for (const finding of findToken(tenant, checkup, token)) tell(finding);
  if (token.kind === 'none') return { token: null, graphTaken: false };
  const root = await checkup.root();
  for (const finding of findRoot(tenant, checkup, root)) tell(finding);
  return { token, graphTaken: root.kind === 'answered' && root.status !== 401 };
}

export function findExpiry({ name, graph }: TenantConfig, expiresAtMs: number | null, nowMs: number): Finding {
  const { ok, warn, fail } = findingsOf('credential', { tenant: name });
  const what = wordsOfCredential(graph!);
  if (expiresAtMs === null) {
    const unknown = what.startsWith('client secret')
      ? ' When it ends is not known: set GRAPH_CLIENT_SECRET_EXPIRES to the day that Entra shows, and an alert comes two weeks before.'
      : '';
    return ok(`Tenant ${name} proves itself with a ${what}.${unknown}`);
  }
  const leftMs = expiresAtMs - nowMs;
  const day = new Date(expiresAtMs).toISOString().slice(0, 10);
  const remedy =
    'Make a new one in the app registration, Certificates & secrets, put it where the old one is (files are read again by themselves), then delete the old one.';
  if (leftMs <= 0) return fail(`The ${what} of tenant ${name} ended on ${day}.`, remedy);
  if (leftMs < EXPIRES_SOON_MS)
    return warn(`The ${what} of tenant ${name} ends on ${day}, in ${forTime(leftMs)}.`, remedy);
  return ok(`Tenant ${name} proves itself with a ${what}, which ends on ${day}.`);
}

function wordsOfCredential({ credential }: GraphConfig): string {
  if (credential.kind === 'managed-identity') return 'managed identity';
  const { proof } = credential;
  switch (proof.kind) {
    case 'secret':
      return 'client secret (GRAPH_CLIENT_SECRET)';
    case 'secret-file':
      return `client secret (${proof.path})`;
    case 'certificate-file':
      return `certificate (${proof.path})`;
    default:
      return `federated token (${proof.path})`;
  }
}

export function findToken({ name, graph }: TenantConfig, checkup: GraphCheckup, look: TokenLook): readonly Finding[] {
  const { ok, warn, fail } = findingsOf('credential', { tenant: name });
  const where = checkup.tokenUrl ?? 'the identity endpoint of this machine';
  const clock = findClock('credential', 'the token endpoint’s', look.clock, { tenant: name });
  if (look.kind === 'none') {
    const text = `Tenant ${name} gets no token from ${where}: ${look.message}.`;
    if (look.code === 'credential') return [fail(text, adviseRefusal(look.message)), ...clock];
    const code = /^[a-z ]+: ([a-z-]+): /.exec(look.message)?.[1];
    const host = hostOf(checkup.tokenUrl) ?? '169.254.169.254';
    const remedy =
      code === undefined
        ? 'The identity provider answers, and gives no token now. It may pass: try again in some minutes; status.cloud.microsoft says whether Entra is well.'
        : adviseNetwork(code, host, proxyShown(graph));
    return [fail(text, remedy), ...clock];
  }
  const { claims, lifetimeMs } = look;
  if (claims === null)
    return [
      warn(`Tenant ${name} gets a token that says nothing of itself; whether it is good, Graph decides.`),
      ...clock,
    ];
  const app = `application ${claims.appId ?? 'unknown'}${claims.appName === null ? '' : ` (${claims.appName})`}`;
  const given = ok(
    `Tenant ${name} gets a token: ${app} of tenant ${claims.tenantId ?? 'unknown'}, good for ${forTime(lifetimeMs)}.`,
  );
  return [given, ...findTenant(name, graph!, claims.tenantId), findRoles(name, claims.roles, app), ...clock];
}

function findTenant(name: string, { credential }: GraphConfig, tenantId: string | null): readonly Finding[] {
  if (credential.kind !== 'app' || tenantId === null || tenantId.toLowerCase() === credential.tenantId.toLowerCase())
    return [];
  const { fail } = findingsOf('credential', { tenant: name });
  return [
    fail(
      `The token is of tenant ${tenantId}, and GRAPH_TENANT_ID is ${credential.tenantId}.`,
      'Compare GRAPH_TENANT_ID, and GRAPH_TOKEN_URL if it is set, with the Directory (tenant) ID of the app registration.',
    ),
  ];
}

function findRoles(name: string, roles: readonly string[], app: string): Finding {
  const { ok, fail } = findingsOf('credential', { tenant: name });
  const given = roles.filter((role) => ITEM_ROLES.includes(role));
  if (given.length > 0) return ok(`It may send activities: ${given.join(', ')}.`);
  return fail(
    `The token of tenant ${name} may not send activities: its roles are ${roles.length === 0 ? 'none' : roles.join(', ')}.`,
    `Give ${app} the application permission (not a delegated one) ExternalItem.ReadWrite.OwnedBy of Microsoft Graph under API permissions, and press "Grant admin consent": adding it alone is not enough. New tokens carry it after some minutes.`,
  );
}

export function findRoot({ name, graph }: TenantConfig, checkup: GraphCheckup, look: GraphLook): readonly Finding[] {
  const { ok, warn, fail } = findingsOf('graph', { tenant: name });
  const { graphRoot } = checkup;
  if (look.kind === 'failed') {
    const text = `Graph at ${graphRoot} cannot be reached: ${look.code}: ${look.message}.`;
    return [fail(text, adviseNetwork(look.code, hostOf(graphRoot) ?? graphRoot, proxyShown(graph)))];
  }
  const { status, code, message, requestId, durationMs } = look;
  const said = `${status}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}${requestId === null ? '' : ` (request-id ${requestId})`}`;
  const clock = findClock('graph', 'Graph’s', look.clock, { tenant: name });
  if (status === 401) {
    const remedy =
      'Token and Graph must be of one cloud: GRAPH_CLOUD, GRAPH_BASE_URL and GRAPH_TOKEN_URL must fit; then look at the clock.';
    return [fail(`Graph at ${graphRoot} refuses the token: ${said}.`, remedy), ...clock];
  }
  if (status === 407 || (status >= 300 && status < 400)) {
    return [
      fail(
        `Something before Graph answers in its place: ${said}.`,
        'A proxy or a portal: name it with HTTPS_PROXY or GRAPH_PROXY_URL, or correct GRAPH_BASE_URL.',
      ),
      ...clock,
    ];
  }
  if (status === 429 || status >= 500) {
    return [
      warn(
        `Graph at ${graphRoot} is reached, and is busy or unwell: ${said}.`,
        'It may pass; the service health page of the Microsoft 365 admin centre tells.',
      ),
      ...clock,
    ];
  }
  return [
    ok(
      `Graph answers at ${graphRoot} and takes the token (${status} in ${Math.round(durationMs)} ms; nothing was delivered).`,
    ),
    ...clock,
  ];
}

function hostOf(url: string | null): string | null {
  return url === null || !URL.canParse(url) ? null : new URL(url).host;
}

/** Without its password. */
function proxyShown(graph: GraphConfig | null): string | null {
  const url = graph?.proxy?.url;
  return url === undefined || !URL.canParse(url) ? null : new URL(url).host;
}
