/* The Graph credential and endpoints of one tenant: which setting wins, and what must fit together. */
import type { Cloud, Credential, GraphConfig, ProxyConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { GRAPH_SETTINGS, type TextSetting } from './graph-settings.ts';
import { readCredential } from './read-credential.ts';
import { bad, type Read } from './setting.ts';
import { readHttpUrl } from './urls.ts';

export interface TenantPlace {
  /** Its path in the configuration file; null: it is given by variables alone, and then AZURE_ names count. */
  readonly path: string | null;
  /** This service calls Graph: there must be a credential, and what it names must be readable. */
  readonly needed: boolean;
}

/** Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud. */
export const AUTHORITY_HOSTS: Readonly<Record<Cloud, string>> = {
  global: 'login.microsoftonline.com',
  usgov: 'login.microsoftonline.us',
  'usgov-dod': 'login.microsoftonline.us',
};

/** Null when there is no credential and none is needed, or a problem went to the environment. */
export function readGraph(environment: Environment, place: TenantPlace): GraphConfig | null {
  const credential: Credential | null = readCredential(environment, place);
  const cloud = environment.value(GRAPH_SETTINGS.cloud);
  const version = environment.value(GRAPH_SETTINGS.version);
  const allowInsecure = environment.value(GRAPH_SETTINGS.allowInsecure);
  const baseUrl = readEndpoint(environment, GRAPH_SETTINGS.baseUrl, (text) => readRoot(text, allowInsecure));
  const tokenUrl = readEndpoint(environment, GRAPH_SETTINGS.tokenUrl, (text) => readHttpUrl(text, allowInsecure));
  if (place.path === null && place.needed && tokenUrl === null && credential?.kind === 'app') {
    checkAuthorityHost(environment, cloud);
  }
  const secretExpiresMs = secretExpiry(environment, credential);
  const proxy = readProxy(environment);
  const claimsChallenges = environment.value(GRAPH_SETTINGS.claimsChallenges);
  if (credential === null) return null;
  return { credential, secretExpiresMs, cloud, version, baseUrl, tokenUrl, proxy, claimsChallenges, allowInsecure };
}

/** The names that every tool of a machine behind a proxy reads, after our own; in lower case too, as they are often written. */
function readProxy(environment: Environment): ProxyConfig | null {
  const bypass = environment.given('NO_PROXY') ?? environment.given('no_proxy');
  const { proxyUrl } = GRAPH_SETTINGS;
  const names = [proxyUrl.name, 'HTTPS_PROXY', 'https_proxy'];
  const name = names.find((each) => environment.has({ ...proxyUrl, name: each }));
  if (name === undefined) return null;
  const url = environment.value({ ...proxyUrl, name });
  return url === null || url === 'none' ? null : { url, bypass: bypass?.text ?? '' };
}

/** Read in any case, so that a wrong one is told. */
function secretExpiry(environment: Environment, credential: Credential | null): number | null {
  const ms = environment.value(GRAPH_SETTINGS.clientSecretExpires);
  const secret = credential?.kind === 'app' && credential.proof.kind.startsWith('secret');
  return secret ? ms : null;
}

function readEndpoint(
  environment: Environment,
  setting: TextSetting,
  read: (text: string) => Read<string>,
): string | null {
  return environment.value({ ...setting, read });
}

function readRoot(text: string, insecure: boolean): Read<string> {
  const root = readHttpUrl(text, insecure);
  return root.ok && /\/(v1\.0|beta)$/.test(root.value) ? bad('leave the version out; GRAPH_VERSION names it') : root;
}

function checkAuthorityHost(environment: Environment, cloud: Cloud): void {
  const text = environment.given('AZURE_AUTHORITY_HOST')?.text;
  if (text === undefined) return;
  const host = URL.canParse(text) ? new URL(text).hostname : text.replace(/\/+$/, '');
  const expected = AUTHORITY_HOSTS[cloud];
  if (host !== expected) {
    environment.refuse(
      'AZURE_AUTHORITY_HOST',
      `is ${JSON.stringify(text.slice(0, 100))}, but GRAPH_CLOUD ${cloud} signs in at ${expected}: make one of them fit`,
    );
  }
}
