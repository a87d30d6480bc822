/* What a connection to Redis that could not be opened says to an operator: which setting to look at, where there is one. */
import type { RedisAddress } from '@sluice/core';

const NOT_TRUSTED =
  'is of an authority that is not trusted: REDIS_CA_FILE must name the certificate of the authority that signed it, or that certificate itself';

/** By the code of the error, as Node and OpenSSL name it. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  CERT_SIGNATURE_FAILURE: NOT_TRUSTED,
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for other names than the host in REDIS_URL',
};

/** By what OpenSSL says in words. */
const TALKS: readonly (readonly [RegExp, string])[] = [
  [/certificate required|handshake failure/i, 'Redis asks for a certificate: set REDIS_CERT_FILE and REDIS_KEY_FILE'],
  [/alert unknown ca|alert bad certificate/i, 'Redis does not trust the certificate in REDIS_CERT_FILE'],
  [/WRONGPASS|NOAUTH|invalid username-password/, 'Redis does not accept the name or the password in REDIS_URL'],
];

/** Said only of a Redis that was never reached: of one that was, they say that it is away. */
const NEVER_REACHED = {
  tls: [
    'ETIMEDOUT',
    'Redis does not answer with TLS. If it speaks none there, REDIS_URL must begin with redis:// and not rediss://',
  ],
  plain: ['ECONNRESET', 'Redis resets the connection. If it speaks TLS there, REDIS_URL must begin with rediss://'],
} as const;

/** The same error where there is nothing to add; the one behind it where the library hides it. */
export function describeRedisFailure(
  error: Error & { readonly lastNodeError?: unknown },
  { hosts, tls, reached }: Pick<RedisAddress, 'hosts' | 'tls'> & { readonly reached: boolean },
): Error {
  const cause: Error & { readonly code?: unknown } = error.lastNodeError instanceof Error ? error.lastNodeError : error;
  const where = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  const certificate = CERTIFICATES[String(cause.code)];
  if (certificate !== undefined) return new Error(`The certificate of Redis (${where}) ${certificate}.`, { cause });
  const [code, hint] = NEVER_REACHED[tls ? 'tls' : 'plain'];
  const said =
    TALKS.find(([pattern]) => pattern.test(cause.message))?.[1] ?? (cause.code === code && !reached ? hint : null);
  return said === null ? cause : new Error(`${said} (${where}).`, { cause });
}
