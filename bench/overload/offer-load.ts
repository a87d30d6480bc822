/*
  Offers requests at a fixed rate, whatever becomes of them: what callers do who do not know of one another. A request finds a
  connection that waits for no answer; where all wait, it is not sent, and counted.
*/
import { connect, type Socket } from 'node:net';
import { createAnswerReader } from '../support/http-load.ts';

export interface OfferOptions {
  readonly url: string;
  readonly perSecond: number;
  readonly connections: number;
  readonly request: (connection: number) => Buffer;
  readonly forMs: number;
  /** Called when nothing more is counted; what is answered after it is waited for a moment. */
  readonly onCounted: () => void;
}

export interface Offered {
  readonly seconds: number;
  readonly accepted: number;
  /** Milliseconds that each 503 took. */
  readonly refusedMs: readonly number[];
  readonly acceptedMs: readonly number[];
  readonly others: number;
  readonly unsent: number;
}

const TICK_MS = 5;
const CALMING_MS = 2000;

export async function offerLoad({
  url,
  perSecond,
  connections,
  request,
  forMs,
  onCounted,
}: OfferOptions): Promise<Offered> {
  const port = Number(new URL(url).port);
  const refusedMs: number[] = [];
  const acceptedMs: number[] = [];
  const free: number[] = [];
  const sockets: (Socket | null)[] = Array.from({ length: connections }, () => null);
  const sentAt: number[] = Array.from({ length: connections }, () => 0);
  let [others, unsent, over] = [0, 0, false];

  function open(connection: number): void {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const read = createAnswerReader((status) => {
      if (over) return;
      const ms = performance.now() - sentAt[connection]!;
      if (status === 202) acceptedMs.push(ms);
      else if (status === 503) refusedMs.push(ms);
      else others++;
      free.push(connection);
    });
    socket.on('connect', () => free.push(connection));
    socket.on('data', read);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (over) return;
      const waiting = free.indexOf(connection);
      if (waiting >= 0) free.splice(waiting, 1);
      else others++;
      open(connection);
    });
    sockets[connection] = socket;
  }
  for (let connection = 0; connection < connections; connection++) open(connection);

  const begunMs = performance.now();
  let asked = 0;
  while (performance.now() - begunMs < forMs) {
    for (const due = ((performance.now() - begunMs) * perSecond) / 1000; asked < due; asked++) {
      const connection = free.shift();
      if (connection === undefined) {
        unsent++;
        continue;
      }
      sentAt[connection] = performance.now();
      sockets[connection]!.write(request(connection));
    }
    await pause(TICK_MS);
  }
  const seconds = (performance.now() - begunMs) / 1000;
  const accepted = acceptedMs.length;
  over = true;
  onCounted();
  await pause(CALMING_MS);
  for (const socket of sockets) socket?.destroy();
  return { seconds, accepted, refusedMs, acceptedMs, others, unsent };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
