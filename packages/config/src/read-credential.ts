/*
  Which credential is in force: of GRAPH_ ones and those of the file exactly one, a variable before the file; without any, the
  first of the AZURE_ ones, where SDKs and Kubernetes put them. What a credential names is looked at here once, so that a start
  with a wrong path fails at once and not at the first call.
*/
import { readCertificate } from '@sluice/graph/certificate';
import type { Credential, Proof } from './config.ts';
import type { Environment } from './environment.ts';
import { GRAPH_SETTINGS, type TextSetting } from './graph-settings.ts';
import type { TenantPlace } from './read-graph.ts';

const { clientSecret, certificatePath, federatedTokenFile, managedIdentity } = GRAPH_SETTINGS;
const GRAPH_CREDENTIALS = [clientSecret, certificatePath, federatedTokenFile, managedIdentity] as const;
/** In their order of precedence. */
const AZURE_CREDENTIALS = [clientSecret, certificatePath, federatedTokenFile].map(azureOf);

export function readCredential(environment: Environment, place: TenantPlace): Credential | null {
  const chosen = chooseCredential(environment, place);
  if (chosen?.name === managedIdentity.name) {
    const id = environment.value(managedIdentity);
    return { kind: 'managed-identity', clientId: id === 'system' ? null : id };
  }
  const tenantId = readId(environment, GRAPH_SETTINGS.tenantId, place);
  const clientId = readId(environment, GRAPH_SETTINGS.clientId, place);
  const proof = chosen === null ? null : readProof(environment, chosen, place);
  return tenantId === null || clientId === null || proof === null ? null : { kind: 'app', tenantId, clientId, proof };
}

function chooseCredential(environment: Environment, place: TenantPlace): TextSetting | null {
  const given = GRAPH_CREDENTIALS.filter((setting) => environment.has(setting));
  const variables = given.filter(({ name }) => environment.isVariable(name) || environment.isVariable(`${name}_FILE`));
  const [first, second] = variables.length > 0 ? variables : given;
  if (first !== undefined && second !== undefined) {
    const [one, other] = [first, second].map((setting) => placeOf(environment, setting));
    environment.refuse(one ?? first.name, `and ${other} are both set: there is one credential, keep one of them`);
  }
  const azure = place.path === null ? AZURE_CREDENTIALS.find((setting) => environment.has(setting)) : undefined;
  const chosen = first ?? azure ?? null;
  if (chosen === null && place.path !== null) {
    environment.refuse(
      place.path,
      'has no credential: give one of clientSecretFile, certificatePath, federatedTokenFile, managedIdentity',
    );
  } else if (chosen === null && place.needed) {
    const [secret, ...others] = GRAPH_CREDENTIALS.map(({ name }) => name);
    environment.refuse(
      secret ?? '',
      `is not set, nor is AZURE_CLIENT_SECRET: ${clientSecret.rule}; or set ${others.join(', ')} instead`,
    );
  }
  return chosen;
}

/** What no GRAPH_ name gives is read from the same AZURE_ name. */
function readId(environment: Environment, setting: TextSetting, { path, needed }: TenantPlace): string | null {
  if (environment.has(setting)) return environment.value(setting);
  if (path !== null) {
    environment.refuse(
      path,
      `has no ${setting === GRAPH_SETTINGS.tenantId ? 'tenantId' : 'clientId'}: ${setting.rule}`,
    );
    return null;
  }
  const azure = azureOf(setting);
  if (environment.has(azure)) return needed ? environment.value(azure) : environment.peek(azure);
  if (needed) environment.refuse(setting.name, `is not set, nor is ${azure.name}: ${setting.rule}`);
  return null;
}

function readProof(environment: Environment, setting: TextSetting, { needed }: TenantPlace): Proof | null {
  if (setting.secret) {
    const file = environment.given(`${setting.name}_FILE`);
    const secret = file === undefined || needed ? environment.value(setting) : null;
    if (file !== undefined) return { kind: 'secret-file', path: file.text };
    return secret === null ? null : { kind: 'secret', secret };
  }
  const path = environment.value(setting);
  if (path === null) return null;
  const content = needed ? environment.content(setting.name) : null;
  if (!setting.name.endsWith('CERTIFICATE_PATH')) return { kind: 'assertion-file', path };
  const certificate = content === null ? null : readCertificate(content);
  if (certificate !== null && 'refused' in certificate) {
    const where = environment.given(setting.name)?.where ?? setting.name;
    environment.refuse(where, `is ${JSON.stringify(path.slice(0, 100))}: ${setting.rule}; ${certificate.refused}`);
  }
  return { kind: 'certificate-file', path };
}

function placeOf(environment: Environment, { name }: TextSetting): string {
  return environment.given(name)?.where ?? environment.given(`${name}_FILE`)?.where ?? name;
}

function azureOf(setting: TextSetting): TextSetting {
  return { ...setting, name: setting.name.replace(/^GRAPH_/, 'AZURE_') };
}
