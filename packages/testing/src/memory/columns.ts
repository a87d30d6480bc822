/* The columns that a store reads or writes in an entry; entry.ts of core has the table. */
import { decodeEntry, ENTRY_ATTEMPTS_MAX, type Entry } from '@sluice/core';

export function readColumns(entry: string): Entry {
  const read = decodeEntry(entry);
  if (read === null) throw new Error(`This is not an entry of version a: ${entry}`);
  return read;
}

export function acceptedMsOf(entry: string): number {
  return readColumns(entry).acceptedMs;
}

export function writeAccepted(entry: string, acceptedMs: number): string {
  return entry.slice(0, 12) + base36(acceptedMs, 9) + entry.slice(21);
}

/** As if it had never been tried. */
export function writeNeverTried(entry: string): string {
  return entry.slice(0, 21) + '0'.repeat(11) + entry.slice(32);
}

/** One more counted attempt; the first also remembers the awake clock. */
export function writeAttempt(entry: string, awakeMs: number): string {
  const { attempts, firstTriedAwakeMs } = readColumns(entry);
  const columns = base36(Math.min(attempts + 1, ENTRY_ATTEMPTS_MAX), 2) + base36(firstTriedAwakeMs ?? awakeMs, 9);
  return entry.slice(0, 21) + columns + entry.slice(32);
}

function base36(n: number, width: number): string {
  return n.toString(36).padStart(width, '0');
}
