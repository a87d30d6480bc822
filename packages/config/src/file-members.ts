/* The members of the configuration file: the same settings as the variables, under names without prefix. */
import { GRAPH_SETTINGS } from './graph-settings.ts';
import type { Setting } from './setting.ts';
import { CONNECTION_SETTINGS } from './settings.ts';

export interface Member extends Pick<Setting<unknown>, 'name' | 'rule' | 'meaning' | 'domain'> {
  /** A path; one that is relative begins at the folder of the configuration file. */
  readonly path?: boolean;
}

export type Members = Readonly<Record<string, Member>>;

/** `SLUICE_AGE_BOUND_MS` → `ageBoundMs`. */
export function memberName(variable: string): string {
  const [first = '', ...words] = variable
    .replace(/^SLUICE_/, '')
    .toLowerCase()
    .split('_');
  return first + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

export const CONNECTION_MEMBERS: Members = Object.fromEntries(
  Object.values(CONNECTION_SETTINGS).map((setting) => [memberName(setting.name), setting]),
);

const { tenantId, clientId, clientSecret, certificatePath, federatedTokenFile, managedIdentity } = GRAPH_SETTINGS;

export const TENANT_MEMBERS: Members = {
  tenantId,
  clientId,
  clientSecretFile: {
    name: `${clientSecret.name}_FILE`,
    rule: 'must be the path of a file that holds a client secret',
    meaning: 'A client secret as the credential. The file is read anew for each token.',
    domain: { numbers: null, words: /^.+$/ },
    path: true,
  },
  clientSecretExpires: GRAPH_SETTINGS.clientSecretExpires,
  certificatePath: { ...certificatePath, path: true },
  federatedTokenFile: { ...federatedTokenFile, path: true },
  managedIdentity,
  cloud: GRAPH_SETTINGS.cloud,
  version: GRAPH_SETTINGS.version,
  baseUrl: GRAPH_SETTINGS.baseUrl,
  tokenUrl: GRAPH_SETTINGS.tokenUrl,
};

/** Variables that speak of one tenant. With several in the file nobody could say of which. */
export const ONE_TENANT_NAMES: readonly string[] = [
  ...[tenantId, clientId, clientSecret, certificatePath, federatedTokenFile, managedIdentity].map(({ name }) => name),
  `${clientSecret.name}_FILE`,
  GRAPH_SETTINGS.clientSecretExpires.name,
  GRAPH_SETTINGS.tokenUrl.name,
  'SLUICE_CONNECTIONS',
];

export const TENANT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
export const TENANTS_MAX = 1000;
export const OUTCOMES = ['retry', 'dead', 'hold'] as const;
export const OUTCOMES_MAX = 200;
export const OUTCOME_CODE = /^.{1,128}$/;
