/*
  A body of any length, one JSON value a line, read while it arrives: nothing but the chunk at hand and one unfinished line
  is in memory, and nothing is read from the caller's connection while the reader is busy. Such a request may take as long
  as it likes, so it has a bound of its own: the time between two chunks.
*/
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ShapeLimits } from './check-shape.ts';
import type { FastifyInstance } from './fastify.ts';
import { isCharsetUtf8, parseJson } from './parse-json.ts';
import { httpProblem, type Problem, ProblemError } from './problem.ts';
import { type Line, splitLines } from './split-lines.ts';

export const LINE_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** After an early answer so much is read on and thrown away; a connection closed before would hide the answer. */
const DISCARD_BYTES_MAX = 16 * 1024 * 1024;
const DISCARD_MS_MAX = 5000;

export interface LineLimits extends ShapeLimits {
  readonly lineBytesMax: number;
  /** Time between two chunks; 408 beyond it. */
  readonly lineIdleMs: number;
  /** Such bodies at once; 503 beyond it. */
  readonly lineBodiesMax: number;
}

export type ParsedLine =
  /** Nothing is on it. It is told all the same: who reads may want to let others have their turn. */
  | { readonly number: number; readonly blank: true }
  | { readonly number: number; readonly value: unknown }
  /** Its code begins with `line_`. */
  | { readonly number: number; readonly problem: Problem };

/** What a route that accepts lines gets as its body. It is read once, and a line is parsed when it is asked for. */
export class LineBody {
  readonly read: () => AsyncGenerator<Iterable<ParsedLine>>;

  constructor(read: () => AsyncGenerator<Iterable<ParsedLine>>) {
    this.read = read;
  }
}

export interface LineBodies {
  /** Routes of this scope take lines as well. */
  accept(scope: FastifyInstance): void;
  /** Whether a body of lines is arriving there: then no time for the whole request counts. */
  readonly isArriving: (socket: Socket) => boolean;
}

export function createLineBodies(limits: LineLimits): LineBodies {
  const arriving = new Set<Socket>();

  async function* read(stream: IncomingMessage, zipped: boolean): AsyncGenerator<Iterable<ParsedLine>> {
    const { socket } = stream;
    if (arriving.size >= limits.lineBodiesMax) throw new ProblemError(httpProblem('overloaded'));
    arriving.add(socket);
    const splitter = splitLines(limits);
    const parse = (lines: Iterable<Line>) => parseLines(lines, limits);
    try {
      for await (const chunk of chunksOf(stream, zipped, limits.lineIdleMs)) yield parse(splitter.push(chunk));
      yield parse(splitter.end());
    } finally {
      arriving.delete(socket);
      discardRest(stream);
    }
  }

  return {
    isArriving: (socket) => arriving.has(socket),
    accept: (scope) => {
      scope.addContentTypeParser(LINE_TYPES, async (request: { raw: IncomingMessage }, stream: IncomingMessage) => {
        const { headers } = request.raw;
        if (!isCharsetUtf8(headers['content-type'] ?? '')) throw new ProblemError(httpProblem('charset_unsupported'));
        const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
        if (encoding !== 'gzip' && encoding !== 'identity') {
          const headersToo = { 'accept-encoding': 'gzip' };
          throw new ProblemError({ ...httpProblem('content_encoding_unsupported'), headers: headersToo });
        }
        return new LineBody(() => read(stream, encoding === 'gzip'));
      });
    },
  };
}

/** Rejects with a problem when the caller goes away or nothing comes for a while. Leaving early leaves the stream whole. */
async function* chunksOf(stream: IncomingMessage, zipped: boolean, idleMs: number): AsyncGenerator<Buffer> {
  const source: Readable = zipped ? unzip(stream) : stream;
  const chunks = source.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await within(chunks.next(), idleMs).catch((error: unknown) => {
      if (error instanceof ProblemError) throw error;
      const cutOff = stream.destroyed && !stream.complete;
      throw new ProblemError(httpProblem(cutOff ? 'body_cut_off' : 'body_not_gzip'), { cause: error });
    });
    if (next.done === true) return;
    yield next.value as Buffer;
  }
}

function unzip(stream: IncomingMessage): Readable {
  const unzipped = createGunzip();
  stream.once('close', () => {
    if (!stream.complete) unzipped.destroy(new Error('the body was cut off'));
  });
  stream.on('error', (error) => unzipped.destroy(error));
  return stream.pipe(unzipped);
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: never, reject } = Promise.withResolvers<never>();
  // Whoever sends no more has a connection that is good for nothing else.
  const late = { ...httpProblem('request_timeout'), headers: { connection: 'close' } };
  const timer = setTimeout(() => reject(new ProblemError(late)), ms);
  promise.catch(() => {});
  try {
    return await Promise.race([promise, never]);
  } finally {
    clearTimeout(timer);
  }
}

function* parseLines(lines: Iterable<Line>, limits: LineLimits): Generator<ParsedLine> {
  for (const line of lines) yield parseLine(line, limits);
}

function parseLine({ number, bytes }: Line, limits: LineLimits): ParsedLine {
  if (bytes === null) {
    const detail = `A line must not be longer than ${limits.lineBytesMax} bytes.`;
    return { number, problem: { status: 400, code: 'line_too_long', detail } };
  }
  if (isBlank(bytes)) return { number, blank: true };
  try {
    return { number, value: parseJson(bytes, limits) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { status, code, detail } = error.problem;
    return {
      number,
      problem: { status, code: code.replace('body_', 'line_'), detail: detail.replace('body', 'line') },
    };
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Nothing is left when all was read. */
function discardRest(stream: IncomingMessage): void {
  if (stream.readableEnded || stream.destroyed) return;
  let bytes = 0;
  const timer = setTimeout(() => stream.destroy(), DISCARD_MS_MAX);
  stream.once('end', () => clearTimeout(timer));
  stream.once('close', () => clearTimeout(timer));
  stream.unpipe();
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARD_BYTES_MAX) stream.destroy();
  });
  stream.resume();
}
