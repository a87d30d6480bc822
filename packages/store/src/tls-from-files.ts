/* Certificates as a connection is opened with them: the files are read for each one, so that a renewed certificate needs no restart. */
import { readFileSync } from 'node:fs';

export interface RedisTlsFiles {
  /** Whom to trust as Redis; null: whom the system trusts. */
  readonly caFile: string | null;
  /** What is shown to a Redis that asks who we are; null: nothing. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string } | null;
}

/**
 * An object whose members are read anew by whoever copies them, as ioredis does for each connection. While a file is being
 * replaced it may be missing: then what it held before goes on. A pair that does not fit yet fails that connection alone.
 */
export function tlsFromFiles({ caFile, certificate }: RedisTlsFiles): object {
  const tls = {};
  if (caFile !== null) readEachTime(tls, 'ca', caFile);
  if (certificate !== null) {
    readEachTime(tls, 'cert', certificate.certFile);
    readEachTime(tls, 'key', certificate.keyFile);
  }
  return tls;
}

function readEachTime(tls: object, name: string, path: string): void {
  let last = readFileSync(path, 'utf8');
  const get = () => {
    try {
      last = readFileSync(path, 'utf8');
    } catch {
      // It is being replaced.
    }
    return last;
  };
  Object.defineProperty(tls, name, { enumerable: true, get });
}
