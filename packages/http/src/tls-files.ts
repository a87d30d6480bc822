/*
  The certificate and its key, from two files that are read again when they change. The two are replaced one after the other,
  so a pair that does not fit is nothing unusual: until it fits, the last good one stays in use.
*/
import { readFile } from 'node:fs/promises';
import { checkPair, type TlsConfig, watchFiles } from '@sluice/config';
import type { ServiceLogger } from './run-service.ts';

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface TlsFiles {
  readonly current: () => TlsPair;
  /** Called with each later pair that fits. */
  onRenewed(use: (pair: TlsPair) => void): void;
  close(): void;
}

/** Null without TLS. Rejects when the files cannot be used at all. */
export async function openTls(
  config: TlsConfig | null,
  logger: ServiceLogger,
  everyMs?: number,
): Promise<TlsFiles | null> {
  if (config === null) return null;
  const { certFile, keyFile } = config;
  const users: ((pair: TlsPair) => void)[] = [];
  async function read(): Promise<TlsPair> {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const problem = checkPair(cert, key);
    if (problem !== null) throw new Error(`${problem.file === 'cert' ? certFile : keyFile} ${problem.text}`);
    return { cert, key };
  }
  async function renew(): Promise<void> {
    try {
      pair = await read();
      for (const use of users) use(pair);
      logger.info({ certFile }, 'the certificate was read again');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      logger.warn({ certFile, problem }, 'the certificate cannot be used: the one before stays in use');
    }
  }
  const watch = watchFiles([certFile, keyFile], { onChange: renew, ...(everyMs !== undefined && { everyMs }) });
  let pair: TlsPair;
  try {
    pair = await read();
  } catch (error) {
    watch.close();
    throw error;
  }
  return { current: () => pair, onRenewed: (use) => users.push(use), close: watch.close };
}
