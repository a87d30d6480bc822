/*
  Files that are read for each connection, so that what is renewed in them needs no restart. While a file is being replaced it may
  be missing or half: then what was read before goes on.
*/
import { readFileSync } from 'node:fs';

/** What a file says now; `read` throws, or gives null, for what cannot be meant. */
export function readEachTime<T>(path: string, first: T, read: (text: string) => T | null): () => T {
  let last = first;
  return () => {
    try {
      last = read(readFileSync(path, 'utf8')) ?? last;
    } catch {
      // It is being replaced.
    }
    return last;
  };
}
