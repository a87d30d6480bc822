/* The table of what says how to reach Graph, and as whom. */
import { parseInstant } from '@sluice/core';
import type { Cloud } from './config.ts';
import { bad, custom, flag, good, oneOf, type Read } from './setting.ts';

const GUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;

const CLOUDS: Readonly<Record<string, Cloud>> = {
  global: 'global',
  usgov: 'usgov',
  'gcc-high': 'usgov',
  'usgov-dod': 'usgov-dod',
  dod: 'usgov-dod',
};
const GUID_TEXT = { numbers: null, words: GUID } as const;
const URL_TEXT = { numbers: null, words: /^https?:\/\/.+$/ } as const;

export const GRAPH_SETTINGS = {
  tenantId: custom<string | null>({
    name: 'GRAPH_TENANT_ID',
    fallback: null,
    fallbackShown: 'AZURE_TENANT_ID',
    rule: 'must be the directory (tenant) id, a GUID',
    meaning: 'The Entra tenant of the app registration. A managed identity needs none.',
    domain: GUID_TEXT,
    read: readGuid,
  }),
  clientId: custom<string | null>({
    name: 'GRAPH_CLIENT_ID',
    fallback: null,
    fallbackShown: 'AZURE_CLIENT_ID',
    rule: 'must be the application (client) id, a GUID',
    meaning:
      'The app registration; it needs the application permission ExternalItem.ReadWrite.OwnedBy or .All. A managed identity needs none.',
    domain: GUID_TEXT,
    read: readGuid,
  }),
  clientSecret: custom<string | null>({
    name: 'GRAPH_CLIENT_SECRET',
    fallback: null,
    fallbackShown: 'AZURE_CLIENT_SECRET',
    rule: 'must be the value of a client secret',
    meaning: 'The credential of the app registration; or one of the following three.',
    secret: true,
    read: good,
  }),
  clientSecretExpires: custom<number | null>({
    name: 'GRAPH_CLIENT_SECRET_EXPIRES',
    fallback: null,
    fallbackShown: 'not known',
    rule: 'must be a day, 2027-01-31, or a time with a zone, 2027-01-31T12:00:00Z',
    meaning:
      'When the client secret expires, as Entra shows it; no secret says so itself. Only the metric and its alert use it. A certificate says when it ends.',
    domain: { numbers: null, words: /^\d{4}-\d{2}-\d{2}.*$/ },
    read: readMoment,
  }),
  certificatePath: custom<string | null>({
    name: 'GRAPH_CLIENT_CERTIFICATE_PATH',
    fallback: null,
    fallbackShown: 'AZURE_CLIENT_CERTIFICATE_PATH',
    rule: 'must be the path of a PEM file with a certificate and its RSA private key, not encrypted',
    meaning: 'A certificate as the credential. The file is read anew for each token.',
    read: good,
  }),
  federatedTokenFile: custom<string | null>({
    name: 'GRAPH_FEDERATED_TOKEN_FILE',
    fallback: null,
    fallbackShown: 'AZURE_FEDERATED_TOKEN_FILE',
    rule: 'must be the path of a file with a token of the federated identity provider',
    meaning: 'Workload identity federation as the credential. The file is read anew for each token.',
    read: good,
  }),
  managedIdentity: custom<string | null>({
    name: 'GRAPH_MANAGED_IDENTITY',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be system, or the client id of a user-assigned identity, a GUID',
    meaning: 'The managed identity of the machine as the credential.',
    domain: { numbers: null, words: /^(system|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/ },
    read: (text) => (text === 'system' || GUID.test(text) ? good(text) : bad()),
  }),
  cloud: custom<Cloud>({
    name: 'GRAPH_CLOUD',
    fallback: 'global',
    fallbackShown: 'global',
    rule: 'must be one of global, usgov (or gcc-high), usgov-dod (or dod)',
    meaning: 'The national cloud of the tenant.',
    domain: { numbers: null, words: Object.keys(CLOUDS) },
    read: readCloud,
  }),
  version: oneOf('GRAPH_VERSION', ['v1.0', 'beta'], 'v1.0', 'The version of Microsoft Graph that is called.'),
  baseUrl: custom<string | null>({
    name: 'GRAPH_BASE_URL',
    fallback: null,
    fallbackShown: 'by cloud',
    rule: 'must be the https URL of the Graph root, without a version',
    meaning: 'Another Graph root, such as the emulator.',
    domain: URL_TEXT,
    read: good,
  }),
  tokenUrl: custom<string | null>({
    name: 'GRAPH_TOKEN_URL',
    fallback: null,
    fallbackShown: 'by cloud',
    rule: 'must be the https URL of a token endpoint',
    meaning: 'Another token endpoint, the whole URL.',
    domain: URL_TEXT,
    read: good,
  }),
  proxyUrl: custom<string | null>({
    name: 'GRAPH_PROXY_URL',
    fallback: null,
    fallbackShown: 'HTTPS_PROXY',
    rule: 'must be the http or https URL of a proxy, http://[name:password@]host:port, or none',
    meaning:
      'Calls to Graph and token requests go through this proxy (CONNECT), but for the hosts in NO_PROXY, this machine and managed identities.',
    secret: true,
    read: readProxy,
  }),
  claimsChallenges: flag(
    'GRAPH_CLAIMS_CHALLENGES',
    '1 tells Entra that claims challenges are understood (CP1): tokens live longer, and Graph may revoke one at once.',
  ),
  allowInsecure: flag(
    'SLUICE_ALLOW_INSECURE',
    '1 allows plain http for GRAPH_BASE_URL and GRAPH_TOKEN_URL beyond this machine.',
  ),
} as const;

export type TextSetting = (typeof GRAPH_SETTINGS)['tenantId'];

/** The text itself; `none` says that there is no proxy, whatever HTTPS_PROXY says. */
function readProxy(text: string): Read<string> {
  if (text === 'none') return good(text);
  const url = URL.canParse(text) ? new URL(text) : null;
  const proxy = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  return proxy && url.pathname === '/' && url.search === '' && url.hash === '' ? good(url.href) : bad();
}

function readGuid(text: string): Read<string> {
  return GUID.test(text) ? good(text) : bad();
}

/** A day ends with its first second: better told a day early than a day late. */
function readMoment(text: string): Read<number> {
  const ms = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  return typeof ms === 'number' ? good(ms) : bad();
}

function readCloud(text: string): Read<Cloud> {
  const name = text.toLowerCase();
  if (/^china|21vianet/.test(name)) {
    return bad(
      'Microsoft Graph operated by 21Vianet has no external connections API, so there is nothing to deliver to',
    );
  }
  const cloud = Object.hasOwn(CLOUDS, name) ? CLOUDS[name] : undefined;
  return cloud === undefined ? bad() : good(cloud);
}
