/*
  Receives a body into memory, within two bounds: one body's size, and the bytes of all bodies whose requests are not answered.
  A body that is too large is read on and thrown away for a while, because a connection that is closed with unread bytes
  is reset, and the caller would see the reset instead of the 413.
*/

import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { httpProblem, type Problem, ProblemError } from './problem.ts';

const gunzipBounded = promisify(gunzip);

/** Bytes that are thrown away after the limit before the connection is cut. */
const DISCARD_BYTES_MAX = 16 * 1024 * 1024;

export interface BodyLimits {
  readonly bodyBytesMax: number;
  /** Bytes of bodies in this process whose requests are not answered yet. */
  readonly receivingBytesMax: number;
}

/** The bytes count until the response is closed: what is made of a body takes more memory than the body itself. */
export type ReadBody = (headers: IncomingHttpHeaders, stream: Readable, response: EventEmitter) => Promise<Buffer>;

/** One reader a server, because it counts what all its requests hold. Rejects with a ProblemError. */
export function createBodyReader(limits: BodyLimits): ReadBody {
  const receiving = { bytes: 0 };
  return async (headers, stream, response) => {
    const encoding = headers['content-encoding']?.trim().toLowerCase();
    const zipped = encoding === 'gzip';
    if (!zipped && encoding !== undefined && encoding !== 'identity') {
      throw refusal({ ...httpProblem('content_encoding_unsupported'), headers: { 'accept-encoding': 'gzip' } });
    }
    const announced = headers['content-length'] === undefined ? null : Number(headers['content-length']);
    const keep = keepUntilClosed(response, receiving);
    const received = await receive(stream, announced, limits, receiving);
    keep(received.length);
    return zipped ? unzip(received, limits.bodyBytesMax) : received;
  };
}

function keepUntilClosed(response: EventEmitter, receiving: { bytes: number }): (bytes: number) => void {
  let [kept, closed] = [0, false];
  response.once('close', () => {
    closed = true;
    receiving.bytes -= kept;
  });
  return (bytes) => {
    if (closed) return;
    kept = bytes;
    receiving.bytes += bytes;
  };
}

function receive(
  stream: Readable,
  announced: number | null,
  { bodyBytesMax, receivingBytesMax }: BodyLimits,
  receiving: { bytes: number },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  if (announced !== null && announced > bodyBytesMax + DISCARD_BYTES_MAX) {
    return Promise.reject(refusal(tooLarge(bodyBytesMax)));
  }
  let chunks: Buffer[] = [];
  let held = 0;
  let seen = 0;
  let refused: Problem | null = null;
  let ended = false;

  function letGo(): void {
    receiving.bytes -= held;
    held = 0;
    chunks = [];
  }
  function refuse(problem: Problem): void {
    refused ??= problem;
    letGo();
  }
  stream.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > bodyBytesMax) refuse(tooLarge(bodyBytesMax));
    else if (receiving.bytes + chunk.length > receivingBytesMax) refuse(httpProblem('overloaded'));
    if (refused !== null) {
      if (seen > bodyBytesMax + DISCARD_BYTES_MAX) reject(refusal(refused));
      return;
    }
    receiving.bytes += chunk.length;
    held += chunk.length;
    chunks.push(chunk);
  });
  stream.on('end', () => {
    ended = true;
    if (refused !== null) reject(refusal(refused));
    else if (announced !== null && announced !== seen) reject(refusal(httpProblem('body_cut_off')));
    else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, seen));
    letGo();
  });
  // A caller who went away, or was cut off by the request timeout, sees no answer; the bytes must be given back all the same.
  const gone = () => {
    if (ended) return;
    letGo();
    reject(refusal(httpProblem('body_cut_off')));
  };
  stream.on('error', gone);
  stream.on('close', gone);
  stream.resume();
  return promise;
}

async function unzip(received: Buffer, bodyBytesMax: number): Promise<Buffer> {
  try {
    // A copy, because the bytes may be a view into the buffer that the socket reads into next.
    return await gunzipBounded(Buffer.from(received), { maxOutputLength: bodyBytesMax });
  } catch (error) {
    const tooBig = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw refusal(tooBig ? tooLarge(bodyBytesMax) : httpProblem('body_not_gzip'));
  }
}

function tooLarge(bodyBytesMax: number): Problem {
  return httpProblem('body_too_large', `The body must not be larger than ${bodyBytesMax} bytes, decoded.`);
}

function refusal(problem: Problem): ProblemError {
  return new ProblemError(problem);
}
