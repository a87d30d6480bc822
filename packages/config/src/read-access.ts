/* Who may ask, and the certificate: which settings go together, and whether what they name can be used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { checkKeyFile } from '@sluice/core';
import { ACCESS_SETTINGS } from './access-settings.ts';
import type { AccessConfig, TlsConfig, TokenConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { GRAPH_SETTINGS } from './graph-settings.ts';
import { AUTHORITY_HOSTS } from './read-graph.ts';
import { readHttpUrl } from './urls.ts';

/** `needed`: this service answers callers, so what is named must be readable. */
export function readAccess(environment: Environment, needed: boolean): AccessConfig {
  const keysFile = environment.value(ACCESS_SETTINGS.apiKeysFile);
  if (keysFile !== null && needed) checkKeys(environment, keysFile);
  return { keysFile, tokens: readTokens(environment) };
}

function checkKeys(environment: Environment, path: string): void {
  const { name } = ACCESS_SETTINGS.apiKeysFile;
  const text = environment.content(name);
  if (text === null) return;
  const checked = checkKeyFile(text);
  if (!checked.ok) environment.refuse(name, `is ${JSON.stringify(path)}: ${checked.problem}`);
}

function readTokens(environment: Environment): TokenConfig | null {
  const { jwtTenantId, jwtAudience, jwtIssuer, jwtKeysUrl } = ACCESS_SETTINGS;
  const [tenantId, audience] = [environment.value(jwtTenantId), environment.value(jwtAudience)];
  const issuer = environment.value(jwtIssuer);
  const allowInsecure = environment.value(GRAPH_SETTINGS.allowInsecure);
  const keysUrl = environment.value({ ...jwtKeysUrl, read: (text) => readHttpUrl(text, allowInsecure) });
  if (tenantId === null || audience === null) {
    const given = [jwtTenantId, jwtAudience, jwtIssuer, jwtKeysUrl].find((setting) => environment.has(setting));
    const missing = tenantId === null ? jwtTenantId : jwtAudience;
    if (given !== undefined && !environment.has(missing)) {
      environment.refuse(given.name, `is set, but ${missing.name} is not: tokens need both tenant and audience`);
    }
    return null;
  }
  const authority = `https://${AUTHORITY_HOSTS[environment.value(GRAPH_SETTINGS.cloud)]}/${tenantId}`;
  return {
    tenantId,
    audience,
    // Entra's tokens of version 2 and 1; which of them an audience gets, its app registration says.
    issuers: issuer === null ? [`${authority}/v2.0`, `https://sts.windows.net/${tenantId}/`] : [issuer],
    keysUrl: keysUrl ?? `${authority}/discovery/v2.0/keys`,
  };
}

export function readTls(environment: Environment, needed: boolean): TlsConfig | null {
  const { tlsCertFile, tlsKeyFile } = ACCESS_SETTINGS;
  const [certFile, keyFile] = [environment.value(tlsCertFile), environment.value(tlsKeyFile)];
  if (certFile === null || keyFile === null) {
    const [given, missing] = certFile === null ? [tlsKeyFile, tlsCertFile] : [tlsCertFile, tlsKeyFile];
    if (environment.has(given)) environment.refuse(given.name, `is set, but ${missing.name} is not: https needs both`);
    return null;
  }
  if (needed) {
    const [cert, key] = [environment.content(tlsCertFile.name), environment.content(tlsKeyFile.name)];
    const problem = cert === null || key === null ? null : checkPair(cert, key);
    if (problem !== null)
      environment.refuse(problem.file === 'cert' ? tlsCertFile.name : tlsKeyFile.name, problem.text);
  }
  return { certFile, keyFile };
}

/** Whether a certificate and a key can be used together; null: they can. */
export function checkPair(cert: string, key: string): { readonly file: 'cert' | 'key'; readonly text: string } | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return { file: 'cert', text: 'names a file that does not begin with a certificate in PEM' };
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return null;
    return { file: 'key', text: 'names a key that does not belong to the certificate' };
  } catch {
    return { file: 'key', text: 'names a file that holds no private key in PEM, or an encrypted one' };
  }
}
