/* Certificates as a connection is opened with them: the files are read for each one, so that a renewed certificate needs no restart. */
import { readFileSync } from 'node:fs';
import { readEachTime } from './read-each-time.ts';

export interface RedisTlsFiles {
  /** Whom to trust as Redis; null: whom the system trusts. */
  readonly caFile: string | null;
  /** What is shown to a Redis that asks who we are; null: nothing. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string } | null;
}

/**
 * An object whose members are read anew by whoever copies them, as ioredis does for each connection. A pair that does not fit
 * yet fails that connection alone.
 */
export function tlsFromFiles({ caFile, certificate }: RedisTlsFiles): object {
  const tls = {};
  if (caFile !== null) addFile(tls, 'ca', caFile);
  if (certificate !== null) {
    addFile(tls, 'cert', certificate.certFile);
    addFile(tls, 'key', certificate.keyFile);
  }
  return tls;
}

function addFile(tls: object, name: string, path: string): void {
  const get = readEachTime(path, readFileSync(path, 'utf8'), (text) => text);
  Object.defineProperty(tls, name, { enumerable: true, get });
}
