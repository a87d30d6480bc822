import { open } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;

export interface Lines {
  /** Whole lines without their ends, one latin1 character a byte: nothing is lost, and slicing stays cheap. */
  readonly lines: readonly string[];
  /** Where in the file the last of them ends, its newline included. */
  readonly endBytes: number;
}

/** Reads the first `sizeBytes` of a file in pieces of whole lines; what follows the last newline is left out. */
export async function* readLines(path: string, sizeBytes: number): AsyncGenerator<Lines> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = '';
    let at = 0;
    while (at < sizeBytes) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, sizeBytes - at), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      const text = rest + chunk.toString('latin1', 0, bytesRead);
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      if (end >= 0) yield { lines: text.slice(0, end).split('\n'), endBytes: at - rest.length };
    }
  } finally {
    await file.close();
  }
}
