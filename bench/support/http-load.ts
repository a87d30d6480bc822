/*
  The client of the measurements: keep-alive connections with one request in flight each, sending bytes that were made before.
  It does as little as a client can, so that what is measured is the server; how much of a processor it used is shown all the
  same. Any HTTP library would cost more per request than a fast route does.
*/
import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** The bytes of the next request of this connection; they may be changed again once it was answered. */
  readonly request: (connection: number) => Buffer;
  /** Not counted: every connection is open and busy when counting begins. */
  readonly leadInMs: number;
  readonly countedMs: number;
  /** Called when counting begins. */
  readonly onCounting: () => void;
}

export interface LoadResult {
  /** 202 answers while counting. */
  readonly accepted: number;
  /** Other answers while counting, and the first of them. */
  readonly refused: number;
  readonly firstRefusal: string | null;
  readonly seconds: number;
}

export async function runHttpLoad(options: LoadOptions): Promise<LoadResult> {
  const { port } = new URL(options.url);
  const state: LoadState = { counting: false, over: false, accepted: 0, refused: 0, firstRefusal: null };
  const sockets = await Promise.all(Array.from({ length: options.connections }, () => openSocket(Number(port))));
  const broken = Promise.race(sockets.map((socket, connection) => keepBusy(socket, connection, options, state)));
  try {
    await Promise.race([broken, pause(options.leadInMs)]);
    options.onCounting();
    const begunMs = performance.now();
    state.counting = true;
    await Promise.race([broken, pause(options.countedMs)]);
    const seconds = (performance.now() - begunMs) / 1000;
    const { accepted, refused, firstRefusal } = state;
    return { accepted, refused, firstRefusal, seconds };
  } finally {
    state.over = true;
    for (const socket of sockets) socket.destroy();
  }
}

interface LoadState {
  counting: boolean;
  over: boolean;
  accepted: number;
  refused: number;
  firstRefusal: string | null;
}

function openSocket(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.once('connect', () => resolve(socket));
  socket.once('error', reject);
  return promise;
}

/** Rejects when the connection breaks; never resolves. */
function keepBusy(socket: Socket, connection: number, { request }: LoadOptions, state: LoadState): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const parser = createAnswerReader((status, body) => {
    if (state.over) return;
    if (state.counting) count(state, status, body);
    socket.write(request(connection));
  });
  socket.on('data', (chunk: Buffer) => {
    try {
      parser(chunk);
    } catch (error) {
      reject(error);
    }
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('the server closed a connection of the load generator')));
  socket.write(request(connection));
  // After the end nobody waits for it, and the closing of the sockets is not an error.
  promise.catch(() => {});
  return promise;
}

function count(state: LoadState, status: number, body: () => string): void {
  if (status === 202) {
    state.accepted++;
    return;
  }
  state.refused++;
  state.firstRefusal ??= `${status} ${body().slice(0, 300)}`;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const ANSWER_BYTES_MAX = 1024 * 1024;

type OnAnswer = (status: number, body: () => string) => void;

/** Cuts what arrives into answers by their content-length; an answer may come in pieces. */
export function createAnswerReader(onAnswer: OnAnswer): (chunk: Buffer) => void {
  let kept: Buffer | null = null;
  return (chunk) => {
    let rest = kept === null ? chunk : Buffer.concat([kept, chunk]);
    kept = null;
    while (rest.length > 0) {
      const headEnd = rest.indexOf(HEAD_END);
      if (headEnd === -1) break;
      const head = rest.toString('latin1', 0, headEnd);
      const length = Number(LENGTH.exec(head)?.[1] ?? Number.NaN);
      if (!(length <= ANSWER_BYTES_MAX)) throw new Error(`an answer without a usable content-length: ${head}`);
      const bodyAt = headEnd + HEAD_END.length;
      if (rest.length < bodyAt + length) break;
      const answer = rest;
      onAnswer(Number(head.slice(9, 12)), () => answer.toString('utf8', bodyAt, bodyAt + length));
      rest = rest.subarray(bodyAt + length);
    }
    if (rest.length > 2 * ANSWER_BYTES_MAX) throw new Error('an answer of the server has no end');
    if (rest.length > 0) kept = rest;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
