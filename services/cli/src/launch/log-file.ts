import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024;

export interface LogFile {
  readonly path: string;
  append(text: string): void;
  close(): void;
}

/**
 * A log of bounded size: over the limit the file becomes `<path>.1`, replacing the one before, and a new one begins. Written
 * synchronously: what a service said last before a crash is there, and nothing waits in memory for a slow disk.
 */
export function openLogFile(path: string, bytesMax: number = LOG_FILE_BYTES_MAX): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  let fd = openSync(path, 'a');
  let bytes = fstatSync(fd).size;

  function rotate(): void {
    closeSync(fd);
    renameSync(path, `${path}.1`);
    fd = openSync(path, 'a');
    bytes = 0;
  }

  return {
    path,
    append(text) {
      if (fd === -1) return;
      const chunk = Buffer.from(text);
      if (bytes > 0 && bytes + chunk.length > bytesMax) rotate();
      bytes += chunk.length;
      writeSync(fd, chunk);
    },
    close() {
      if (fd !== -1) closeSync(fd);
      fd = -1;
    },
  };
}
