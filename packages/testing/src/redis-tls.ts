/* TLS of the Redis of one test: one certificate for a whole test process, which is its own authority and a client's as well. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { type MadeCertificate, makeCertificate } from './make-certificate.ts';
import { loginTo } from './redis-login.ts';

export type TlsKind = 'also' | 'only' | 'mutual' | 'never';

export interface RedisTls {
  /** For Sluice: logs in as the user that is shipped. */
  readonly url: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Who connects must show its certificate: the same one will do. */
  readonly mutual: boolean;
}

let shared: MadeCertificate | null = null;

/** Every server of this process has the same one, so that replicas, Sentinels and nodes trust each other. */
export function certificateOfRedis(): MadeCertificate {
  shared ??= makeCertificate('redis of a test');
  return shared;
}

export function writeRedisTls(folder: string, port: number, kind: TlsKind): RedisTls {
  const { certificatePem, privateKeyPem } = certificateOfRedis();
  const [certFile, keyFile] = [join(folder, 'redis.crt'), join(folder, 'redis.key')];
  writeFileSync(certFile, certificatePem);
  writeFileSync(keyFile, privateKeyPem);
  return { url: loginTo(`rediss://127.0.0.1:${port}`), port, certFile, keyFile, mutual: kind === 'mutual' };
}

/** For redis-server and for a Sentinel. */
export function tlsArguments({ port, certFile, keyFile, mutual }: RedisTls, cluster: boolean): string[] {
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile];
  const asked = ['--tls-auth-clients', mutual ? 'yes' : 'no'];
  const among = ['--tls-replication', 'yes', ...(cluster ? ['--tls-cluster', 'yes'] : [])];
  return ['--tls-port', String(port), ...files, ...asked, ...among];
}

/** For redis-cli. */
export function tlsClientArguments({ certFile, keyFile }: RedisTls): string[] {
  return ['--tls', '--cacert', certFile, '--cert', certFile, '--key', keyFile];
}

export function connectToRedisTls(port: number): TLSSocket {
  const { certificatePem, privateKeyPem } = certificateOfRedis();
  return connect({ port, host: '127.0.0.1', ca: certificatePem, cert: certificatePem, key: privateKeyPem });
}
