/* What services are told of a Redis: the way with TLS where it has one, so that nothing of theirs goes around it. */
import type { RedisStoreOptions } from '@sluice/store';
import type { RedisServer } from '@sluice/testing';

export function redisEnv({ url, tls }: Pick<RedisServer, 'url' | 'tls'>): Record<string, string> {
  return { REDIS_URL: tls?.url ?? url, ...trustIn(tls) };
}

export function trustIn(tls: RedisServer['tls']): Record<string, string> {
  if (tls === null) return {};
  return {
    REDIS_CA_FILE: tls.certFile,
    ...(tls.mutual && { REDIS_CERT_FILE: tls.certFile, REDIS_KEY_FILE: tls.keyFile }),
  };
}

/** The same for a test that opens a store itself. */
export function placeOf({ url, tls }: Pick<RedisServer, 'url' | 'tls'>): Pick<RedisStoreOptions, 'url' | 'tls'> {
  return { url: tls?.url ?? url, ...tlsFilesOf(tls) };
}

export function tlsFilesOf(tls: RedisServer['tls']): Pick<RedisStoreOptions, 'tls'> {
  if (tls === null) return {};
  return { tls: { caFile: tls.certFile, certificate: { certFile: tls.certFile, keyFile: tls.keyFile } } };
}
