/* The files with which Redis is trusted, and with which it is shown who asks. Who connects reads them again, each time. */
import type { RedisTlsConfig } from './config.ts';
import type { Environment, ReadFile } from './environment.ts';
import { checkPair } from './read-access.ts';
import { REDIS_SETTINGS } from './redis-settings.ts';

interface Paths {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

const CA = REDIS_SETTINGS.redisCaFile.name;
const CERT = REDIS_SETTINGS.redisCertFile.name;
const KEY = REDIS_SETTINGS.redisKeyFile.name;

export function readRedisTls(environment: Environment, paths: Paths, readFile: ReadFile): RedisTlsConfig {
  const { caFile, certFile, keyFile } = paths;
  const read = (name: string, path: string): string | null => {
    try {
      return readFile(path);
    } catch (error) {
      environment.refuse(name, `names ${path}, which cannot be read: ${(error as Error).message}`);
      return null;
    }
  };
  const ca = caFile === null ? null : read(CA, caFile);
  if (ca !== null && !ca.includes('-----BEGIN CERTIFICATE-----'))
    environment.refuse(CA, `names ${caFile}, which holds no certificate (PEM)`);
  if (certFile === null || keyFile === null) {
    if (certFile !== null) environment.refuse(CERT, `is set, but ${KEY} is not: to show a certificate needs both`);
    if (keyFile !== null) environment.refuse(KEY, `is set, but ${CERT} is not: to show a certificate needs both`);
    return { caFile, certificate: null };
  }
  const [cert, key] = [read(CERT, certFile), read(KEY, keyFile)];
  const problem = cert === null || key === null ? null : checkPair(cert, key);
  if (problem !== null) environment.refuse(problem.file === 'cert' ? CERT : KEY, problem.text);
  return { caFile, certificate: { certFile, keyFile } };
}
