/*
  The file of keys, held in memory and read again when it changes. A file that cannot be read or is wrong changes nothing: the
  last good keys stay in force, and the log says so until it is mended. Who deletes the file revokes nobody; an empty list does.
*/
import { readFile, stat } from 'node:fs/promises';
import { watchFiles } from '@sluice/config';
import { checkKeyFile } from '@sluice/core';
import { type KeyRing, makeKeyRing } from './key-ring.ts';

export interface AccessLogger {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export interface KeyFile {
  readonly ring: () => KeyRing;
  close(): void;
}

const NOBODY = makeKeyRing([]);
const OTHERS_MAY = 0o007;

/** Rejects when the file cannot be used at all: then there are no last good keys. */
export async function openKeyFile(path: string, logger: AccessLogger, everyMs?: number): Promise<KeyFile> {
  let ring = NOBODY;
  async function read(): Promise<void> {
    const checked = checkKeyFile(await readFile(path, 'utf8'));
    if (!checked.ok) throw new Error(checked.problem);
    ring = makeKeyRing(checked.keys);
    const { mode } = await stat(path);
    if ((mode & OTHERS_MAY) !== 0) {
      logger.warn({ path }, 'the file of keys can be read or written by everybody on this machine: chmod 600');
    }
  }
  async function readAgain(): Promise<void> {
    try {
      await read();
      logger.info({ path, keys: ring.size }, 'the file of keys was read again');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      logger.warn(
        { path, problem, keys: ring.size },
        'the file of keys cannot be used: the keys read before stay in force',
      );
    }
  }
  const watch = watchFiles([path], { onChange: readAgain, ...(everyMs !== undefined && { everyMs }) });
  try {
    await read();
  } catch (error) {
    watch.close();
    throw error;
  }
  return { ring: () => ring, close: watch.close };
}
