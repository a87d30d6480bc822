/*
  deliver: which entries of a lease can be sent. What cannot be read (written by a newer version, or by hand) is never sent
  and never holds up the others; planSettlement moves it to the dead letters.
*/
import { decodeEntry, type Entry } from '../activity/entry.ts';

export interface ReadableEntries {
  /** In the lease's order; readReply is to be asked about exactly these. */
  readonly readable: readonly string[];
  readonly unreadable: number;
}

export function splitReadable(entries: readonly string[]): ReadableEntries {
  const readable = entries.filter((entry) => readEntry(entry) !== null);
  // The same array when nothing was left out: the usual case costs no copy further on.
  return readable.length === entries.length
    ? { readable: entries, unreadable: 0 }
    : { readable, unreadable: entries.length - readable.length };
}

/** decodeEntry, and null too when a number among the bookkeeping is none: without attempts an entry could be retried for ever. */
export function readEntry(text: string): Entry | null {
  const entry = decodeEntry(text);
  if (entry === null || !Number.isInteger(entry.attempts) || Number.isNaN(entry.firstTriedAwakeMs ?? 0)) return null;
  return entry;
}
