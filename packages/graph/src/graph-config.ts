import { type Cloud, type CloudName, findCloud } from './clouds.ts';
import type { Credential } from './tokens/credential.ts';

/** What the operator says about Graph and the credential. */
export interface GraphConfig {
  readonly credential: Credential;
  readonly cloud: CloudName;
  readonly version: 'v1.0' | 'beta';
  /** The Graph root without version. Null: by cloud. */
  readonly baseUrl: string | null;
  /** The whole token endpoint. Null: by cloud. */
  readonly tokenUrl: string | null;
  /** Between this machine and both. Null or absent: nothing is. */
  readonly proxy?: GraphProxy | null;
}

export interface GraphProxy {
  /** http or https, perhaps with a name and a password. */
  readonly url: string;
  /** Hosts that are reached without it, as NO_PROXY lists them. This machine always is. */
  readonly bypass: string;
}

/** A setting with which no call may be made. */
export class GraphConfigError extends Error {
  override readonly name = 'GraphConfigError';
  readonly code = 'SLU_DELIVER_CONFIG_INVALID';
}

export interface GraphEndpoints {
  readonly cloud: Cloud;
  readonly graphRoot: URL;
  /** Null: a managed identity asks its machine. */
  readonly tokenUrl: URL | null;
}

/** Where calls and token requests go; throws GraphConfigError rather than send a secret in the clear. */
export function resolveEndpoints(
  graph: GraphConfig,
  { allowInsecure }: { readonly allowInsecure: boolean },
): GraphEndpoints {
  const cloud = findCloud(graph.cloud);
  if ('refused' in cloud) throw new GraphConfigError(`cloud ${JSON.stringify(graph.cloud)}: ${cloud.refused}`);
  const tokenUrl = tokenUrlOf(graph, cloud);
  return {
    cloud,
    graphRoot: checkUrl('the Graph root', graph.baseUrl ?? cloud.graphRoot, allowInsecure),
    tokenUrl: tokenUrl === null ? null : checkUrl('the token endpoint', tokenUrl, allowInsecure),
  };
}

function tokenUrlOf({ credential, tokenUrl }: GraphConfig, { authorityHost }: Cloud): string | null {
  if (credential.kind === 'managed-identity') return null;
  return tokenUrl ?? `https://${authorityHost}/${encodeURIComponent(credential.tenantId)}/oauth2/v2.0/token`;
}

function checkUrl(what: string, text: string, allowInsecure: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new GraphConfigError(`${what} must be an http or https URL`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new GraphConfigError(`${what} must not carry credentials, a query or a fragment`);
  }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname)) {
    throw new GraphConfigError(
      `${what} ${url.origin} is plain http: secrets would travel readable; only this machine may be asked so`,
    );
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || hostname === 'localhost' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
