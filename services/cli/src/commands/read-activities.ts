/*
  The activities in a file or a pipe: NDJSON line by line in constant memory, or one JSON text (a list, {"activities":[…]}, or a
  single activity). Which of the two it is shows in its first line: NDJSON has a whole object there.
*/
import { EXIT_FAILED } from '../world.ts';
import { CommandFailed } from './command-failed.ts';

export interface Found {
  /** For people: `line 4`, `activity 3`. */
  readonly place: string;
  /** Counted from 1. */
  readonly number: number;
  /** Bytes of the source up to its end, for progress. */
  readonly readBytes: number;
  /** Or why it could not be read. */
  readonly content:
    | { readonly value: unknown }
    | { readonly problem: { readonly code: string; readonly message: string } };
}

/** The intake's own bound of a line. */
const LINE_BYTES_MAX = 16_384;
/** One JSON text is in memory as a whole. */
const JSON_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

interface Line {
  readonly number: number;
  /** null: too long. */
  readonly bytes: Buffer | null;
  readonly readBytes: number;
}

export async function* readActivities(chunks: AsyncIterable<Buffer>, isLines: boolean): AsyncGenerator<Found> {
  const source = await peek(chunks);
  if (isLines || beginsWithLine(source.head)) yield* readLines(source.all());
  else yield* readJson(source.all());
}

/** The first bytes, enough for a line, and then everything. */
async function peek(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let done = false;
  while (!done && !head.includes(LINE_FEED, firstContent(head)) && head.length <= LINE_BYTES_MAX) {
    const next = await iterator.next();
    done = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield head;
    for (let next = done ? null : await iterator.next(); next !== null && next.done !== true; ) {
      yield next.value;
      next = await iterator.next();
    }
  }
  return { head, all };
}

function firstContent(head: Buffer): number {
  const at = head.findIndex((byte) => byte > 0x20);
  return at === -1 ? head.length : at;
}

function beginsWithLine(head: Buffer): boolean {
  const [first = ''] = text(head).trimStart().split('\n');
  if (first === '') return false;
  try {
    const value: unknown = JSON.parse(first);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !('activities' in value);
  } catch {
    return !/^[[{]/.test(first);
  }
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  for await (const { number, bytes, readBytes } of splitLines(chunks)) {
    const found = { place: `line ${number}`, number, readBytes };
    if (bytes === null) {
      const message = `A line must not be longer than ${LINE_BYTES_MAX} bytes.`;
      yield { ...found, content: { problem: { code: 'line_too_long', message } } };
      continue;
    }
    const line = decode(bytes);
    if (line?.trim() === '') continue;
    yield { ...found, content: line === null ? NOT_UTF8 : parse(line) };
  }
}

const NOT_UTF8 = { problem: { code: 'line_not_utf8', message: 'The line is not valid UTF-8.' } };

function parse(line: string): Found['content'] {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    return { problem: { code: 'line_not_json', message: `The line is not valid JSON: ${(error as Error).message}.` } };
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  let number = 0;
  let readBytes = 0;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    readBytes += chunk.length;
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      const tooLong = isTooLong || end - from > LINE_BYTES_MAX;
      yield { number: ++number, bytes: tooLong ? null : bytes.subarray(from, end), readBytes };
      isTooLong = false;
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > LINE_BYTES_MAX) {
      isTooLong = true;
      rest = Buffer.alloc(0);
    }
  }
  if (rest.length > 0 || isTooLong) yield { number: ++number, bytes: isTooLong ? null : rest, readBytes };
}

async function* readJson(chunks: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > JSON_BYTES_MAX) {
      const text = `One JSON text may have ${JSON_BYTES_MAX} bytes. Write one activity a line (NDJSON): that may be of any length.`;
      throw new CommandFailed(text, EXIT_FAILED);
    }
    parts.push(chunk);
  }
  const activities = listOf(decode(Buffer.concat(parts)));
  for (const [index, value] of activities.entries()) {
    const readBytes = Math.round(((index + 1) / activities.length) * bytes);
    yield { place: `activity ${index + 1}`, number: index + 1, readBytes, content: { value } };
  }
}

function listOf(json: string | null): readonly unknown[] {
  if (json === null) throw new CommandFailed('It is not valid UTF-8.', EXIT_FAILED);
  if (json.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const text = `It is neither JSON nor NDJSON (one activity a line): ${(error as Error).message}.`;
    throw new CommandFailed(text, EXIT_FAILED);
  }
  if (Array.isArray(value)) return value;
  const { activities } = Object(value) as { readonly activities?: unknown };
  return Array.isArray(activities) ? activities : [value];
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Of the beginning, which may end inside a character. */
function text(bytes: Buffer): string {
  return new TextDecoder().decode(bytes);
}
