/* Where Redis is, and what it takes to be let in. */
import { custom, good } from './setting.ts';
import { readRedisUrl } from './urls.ts';

export const REDIS_SETTINGS = {
  redisUrl: custom<string>({
    name: 'REDIS_URL',
    fallback: 'redis://127.0.0.1:6399',
    fallbackShown: 'redis://127.0.0.1:6399 (the embedded Redis)',
    rule: 'must be redis[s]://[user:password@]host[:port][/database], redis[s]+sentinel://[user:password@]host[:port],.../name or redis[s]+cluster://[user:password@]host[:port],...',
    meaning:
      'Where activities are kept: one server, the one that Sentinels name, or a Redis Cluster. With Sentinels the login is that of the server. From a file, name and password are read again at each new connection.',
    secret: true,
    read: readRedisUrl,
  }),
  redisSentinelUsername: custom<string | null>({
    name: 'REDIS_SENTINEL_USERNAME',
    fallback: null,
    fallbackShown: 'none (the user `default`)',
    rule: 'must be the name of a user of the Sentinels',
    meaning: 'With a redis+sentinel:// address: who the Sentinels are asked as, with REDIS_SENTINEL_PASSWORD.',
    read: good,
  }),
  redisSentinelPassword: custom<string | null>({
    name: 'REDIS_SENTINEL_PASSWORD',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be the password of the Sentinels, as it is',
    meaning:
      'What Sentinels ask for that have a requirepass or users of their own; the login in REDIS_URL is that of the server alone. From a file it is read again at each new connection.',
    secret: true,
    read: good,
  }),
  redisCaFile: custom<string | null>({
    name: 'REDIS_CA_FILE',
    fallback: null,
    fallbackShown: 'the system’s',
    rule: 'must be the path of a file with certificates (PEM)',
    meaning: 'Whom to trust as Redis, with a rediss:// address. Read again at each new connection.',
    read: good,
  }),
  redisCertFile: custom<string | null>({
    name: 'REDIS_CERT_FILE',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be the path of a file with a certificate (PEM)',
    meaning:
      'What this service shows a Redis that asks for a certificate (tls-auth-clients), with REDIS_KEY_FILE. Read again at each new connection.',
    read: good,
  }),
  redisKeyFile: custom<string | null>({
    name: 'REDIS_KEY_FILE',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be the path of a file with a private key (PEM)',
    meaning: 'The key of REDIS_CERT_FILE.',
    read: good,
  }),
} as const;
