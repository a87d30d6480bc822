/*
  The ledger: what was really appended, in a file that survives a kill. A line is in the file (the page cache is enough, the
  kernel outlives us) before the answer leaves. Nothing of it is kept in memory but the last numbers and one bit a call, so
  that its length does not matter; reading is a scan.
*/
import { closeSync, fstatSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCallSet } from './call-set.ts';
import {
  type AppendedCall,
  asUnanswered,
  formatCorrection,
  formatLines,
  type LedgerScope,
  parseHead,
} from './ledger-line.ts';
import { readLines } from './read-lines.ts';

export interface Ledger {
  /** Throws when the disk refuses; then nothing of the call is in the file. */
  append(appended: AppendedCall): void;
  /** The answer to a call that was written as answered did not get out. */
  correctToUnanswered(call: number): void;
  /** The number of the next call; goes on where the file ended. */
  nextCall(): number;
  /** What is in the file now, corrected, filtered, as NDJSON in pieces. */
  read(filter: Partial<LedgerScope>): AsyncGenerator<Buffer>;
  clear(): void;
  close(): void;
}

export const LEDGER_FILE = 'emulator-ledger.ndjson';

/** dataDir null: a temporary folder that goes when the ledger is closed. */
export async function openLedger(dataDir: string | null): Promise<Ledger> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'emulator-'));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LEDGER_FILE);
  const file = openSync(path, 'a');
  const unanswered = createCallSet();
  let { seq, call, sizeBytes } = await reload(path, file, (lost) => unanswered.add(lost));
  let generation = 0;

  function write(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    } catch (error) {
      // A call is in the file whole or not at all.
      ftruncateSync(file, sizeBytes);
      throw error;
    }
    sizeBytes += bytes.length;
  }

  return {
    append(appended) {
      write(formatLines(appended, seq + 1));
      seq += appended.positions.length;
    },
    correctToUnanswered(lost) {
      unanswered.add(lost);
      write(formatCorrection(lost));
    },
    nextCall: () => ++call,
    async *read(filter) {
      const readGeneration = generation;
      for await (const { lines } of readLines(path, sizeBytes)) {
        if (generation !== readGeneration) return;
        const kept = lines.map((line) => shown(line, filter, unanswered.has)).join('');
        if (kept !== '') yield Buffer.from(kept, 'latin1');
      }
    },
    clear() {
      ftruncateSync(file, 0);
      unanswered.clear();
      generation++;
      // Calls keep their numbers: one in flight must not be taken for a later one.
      [seq, sizeBytes] = [0, 0];
    },
    close() {
      closeSync(file);
      if (dataDir === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function shown(line: string, filter: Partial<LedgerScope>, isUnanswered: (call: number) => boolean): string {
  const head = parseHead(line);
  if (head === null || head.kind === 'correction') return '';
  const { tenant, connection, item } = head.scope;
  const wanted =
    (filter.tenant ?? tenant) === tenant &&
    (filter.connection ?? connection) === connection &&
    (filter.item ?? item) === item;
  return wanted ? `${isUnanswered(head.call) ? asUnanswered(line) : line}\n` : '';
}

interface Reloaded {
  readonly seq: number;
  readonly call: number;
  readonly sizeBytes: number;
}

/** Finds the last numbers and the corrections, and cuts off a last line that a kill left unfinished. */
async function reload(path: string, file: number, noteUnanswered: (call: number) => void): Promise<Reloaded> {
  const found = { seq: 0, call: 0, sizeBytes: 0 };
  const { size } = fstatSync(file);
  for await (const { lines, endBytes } of readLines(path, size)) {
    for (const line of lines) {
      const head = parseHead(line);
      if (head === null) throw new Error(`${path}: not a line of the emulator's ledger: ${line.slice(0, 80)}`);
      found.call = Math.max(found.call, head.call);
      if (head.kind === 'activity') found.seq = head.seq;
      else noteUnanswered(head.call);
    }
    found.sizeBytes = endBytes;
  }
  if (found.sizeBytes < size) ftruncateSync(file, found.sizeBytes);
  return found;
}
