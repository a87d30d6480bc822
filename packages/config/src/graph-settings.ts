/* The Graph credential and endpoints: which variable wins, and what must fit together. */
import type { Cloud, GraphConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { bad, custom, flag, good, oneOf, type Read } from './setting.ts';
import { readHttpUrl } from './urls.ts';

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const CLOUDS: Readonly<Record<string, Cloud>> = {
  global: 'global',
  usgov: 'usgov',
  'gcc-high': 'usgov',
  'usgov-dod': 'usgov-dod',
  dod: 'usgov-dod',
};
/** Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud. */
const AUTHORITY_HOSTS: Readonly<Record<Cloud, string>> = {
  global: 'login.microsoftonline.com',
  usgov: 'login.microsoftonline.us',
  'usgov-dod': 'login.microsoftonline.us',
};

export const GRAPH_SETTINGS = {
  tenantId: custom<string | null>({
    name: 'GRAPH_TENANT_ID',
    fallback: null,
    fallbackShown: 'AZURE_TENANT_ID',
    rule: 'must be the directory (tenant) id, a GUID',
    meaning: 'The Entra tenant of the app registration.',
    read: readGuid,
  }),
  clientId: custom<string | null>({
    name: 'GRAPH_CLIENT_ID',
    fallback: null,
    fallbackShown: 'AZURE_CLIENT_ID',
    rule: 'must be the application (client) id, a GUID',
    meaning: 'The app registration; it needs the application permission ExternalItem.ReadWrite.OwnedBy or .All.',
    read: readGuid,
  }),
  clientSecret: custom<string | null>({
    name: 'GRAPH_CLIENT_SECRET',
    fallback: null,
    fallbackShown: 'AZURE_CLIENT_SECRET',
    rule: 'must be the value of a client secret',
    meaning: 'The credential of the app registration.',
    secret: true,
    read: good,
  }),
  cloud: custom<Cloud>({
    name: 'GRAPH_CLOUD',
    fallback: 'global',
    fallbackShown: 'global',
    rule: 'must be one of global, usgov (or gcc-high), usgov-dod (or dod)',
    meaning: 'The national cloud of the tenant.',
    read: readCloud,
  }),
  version: oneOf('GRAPH_VERSION', ['v1.0', 'beta'], 'v1.0', 'The version of Microsoft Graph that is called.'),
  baseUrl: custom<string | null>({
    name: 'GRAPH_BASE_URL',
    fallback: null,
    fallbackShown: 'by cloud',
    rule: 'must be the https URL of the Graph root, without a version',
    meaning: 'Another Graph root, such as the emulator.',
    read: good,
  }),
  tokenUrl: custom<string | null>({
    name: 'GRAPH_TOKEN_URL',
    fallback: null,
    fallbackShown: 'by cloud',
    rule: 'must be the https URL of a token endpoint',
    meaning: 'Another token endpoint, the whole URL.',
    read: good,
  }),
  allowInsecure: flag(
    'SLUICE_ALLOW_INSECURE',
    '1 allows plain http for GRAPH_BASE_URL and GRAPH_TOKEN_URL beyond this machine.',
  ),
} as const;

/** The whole Graph configuration; null when there is no credential and none is needed. Problems go to the environment. */
export function readGraph(environment: Environment, needed: boolean): GraphConfig | null {
  const tenantId = withAzure(environment, GRAPH_SETTINGS.tenantId, 'AZURE_TENANT_ID', needed);
  const clientId = withAzure(environment, GRAPH_SETTINGS.clientId, 'AZURE_CLIENT_ID', needed);
  const clientSecret = withAzure(environment, GRAPH_SETTINGS.clientSecret, 'AZURE_CLIENT_SECRET', needed);
  const cloud = environment.value(GRAPH_SETTINGS.cloud);
  const version = environment.value(GRAPH_SETTINGS.version);
  const allowInsecure = environment.value(GRAPH_SETTINGS.allowInsecure);
  const baseUrl = readEndpoint(environment, GRAPH_SETTINGS.baseUrl, (text) => readRoot(text, allowInsecure));
  const tokenUrl = readEndpoint(environment, GRAPH_SETTINGS.tokenUrl, (text) => readHttpUrl(text, allowInsecure));
  if (needed && tokenUrl === null) checkAuthorityHost(environment, cloud);
  if (tenantId === null || clientId === null || clientSecret === null) return null;
  return { tenantId, clientId, clientSecret, cloud, version, baseUrl, tokenUrl, allowInsecure };
}

type TextSetting = (typeof GRAPH_SETTINGS)['tenantId'];

/** What no GRAPH_ name gives is read from the same AZURE_ name, where SDKs and Kubernetes put it. */
function withAzure(environment: Environment, setting: TextSetting, azureName: string, needed: boolean): string | null {
  if (environment.has(setting)) return environment.value(setting);
  const azure = { ...setting, name: azureName };
  if (environment.has(azure)) return needed ? environment.value(azure) : environment.peek(azure);
  if (needed) environment.refuse(setting.name, `is not set, nor is ${azureName}: ${setting.rule}`);
  return null;
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
  const text = environment.text('AZURE_AUTHORITY_HOST');
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

function readGuid(text: string): Read<string> {
  return GUID.test(text) ? good(text) : bad();
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
