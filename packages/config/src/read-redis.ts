/* Where Redis is, and what it and its Sentinels are shown. Who connects reads the files again, each time. */
import type { RedisConfig, SentinelLogin } from './config.ts';
import type { Environment, ReadFile } from './environment.ts';
import { readRedisTls } from './read-redis-tls.ts';
import { REDIS_SETTINGS } from './redis-settings.ts';
import { valuesOf } from './values-of.ts';

const { redisUrl, redisSentinelUsername, redisSentinelPassword } = REDIS_SETTINGS;

export function readRedis(environment: Environment, readFile: ReadFile): RedisConfig {
  const { redisUrl: url, redisCaFile, redisCertFile, redisKeyFile } = valuesOf(environment, REDIS_SETTINGS);
  const paths = { caFile: redisCaFile, certFile: redisCertFile, keyFile: redisKeyFile };
  return {
    url,
    urlFile: environment.given(`${redisUrl.name}_FILE`)?.text ?? null,
    tls: readRedisTls(environment, paths, readFile),
    sentinels: readSentinels(environment),
  };
}

function readSentinels(environment: Environment): SentinelLogin {
  const username = environment.value(redisSentinelUsername);
  if (username !== null && !environment.has(redisSentinelPassword)) {
    const problem = `is set, but ${redisSentinelPassword.name} is not: a user of the Sentinels has a password`;
    environment.refuse(redisSentinelUsername.name, problem);
  }
  return {
    username,
    password: environment.value(redisSentinelPassword),
    passwordFile: environment.given(`${redisSentinelPassword.name}_FILE`)?.text ?? null,
  };
}
