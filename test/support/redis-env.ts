/* What services are told of a Redis: the way with TLS where it has one, so that nothing of theirs goes around it. */
import { readFileSync } from 'node:fs';
import type { RedisStoreOptions } from '@sluice/store';
import type { RedisServer } from '@sluice/testing';

/** Services log in as the user that is shipped, so that every test shows that its permissions are enough. */
export const REDIS_LOGIN = { user: 'sluice', password: 'of-this-test' };
const ACL_FILE = new URL('../../deploy/redis/sluice.acl', import.meta.url);

export function leastPrivileges(): readonly string[] {
  const line = readFileSync(ACL_FILE, 'utf8').trim().replace('>CHANGE-ME', `>${REDIS_LOGIN.password}`);
  return [`--${line.split(' ')[0]}`, ...line.split(' ').slice(1)];
}

export interface RedisLogin {
  readonly user: string;
  readonly password: string;
}

export function redisEnv({ url, tls }: Pick<RedisServer, 'url' | 'tls'>, login?: RedisLogin): Record<string, string> {
  const at = login === undefined ? '://' : `://${login.user}:${login.password}@`;
  return { REDIS_URL: (tls?.url ?? url).replace('://', at), ...trustIn(tls) };
}

export function trustIn(tls: RedisServer['tls']): Record<string, string> {
  if (tls === null) return {};
  return {
    REDIS_CA_FILE: tls.certFile,
    ...(tls.mutual && { REDIS_CERT_FILE: tls.certFile, REDIS_KEY_FILE: tls.keyFile }),
  };
}

/** The files for a test that looks into a Redis itself. */
export function tlsFilesOf(tls: RedisServer['tls']): Pick<RedisStoreOptions, 'tls'> {
  if (tls === null) return {};
  return { tls: { caFile: tls.certFile, certificate: { certFile: tls.certFile, keyFile: tls.keyFile } } };
}
