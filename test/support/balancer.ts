/*
  A load balancer as people put it before intakes: it asks each whether it is ready, sends a request to those that are, in turns, and to
  another only when nothing of it was sent. What went wrong after that is the caller's to see.
*/
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Balancer {
  readonly url: string;
  /** How many requests each has answered. */
  readonly answered: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 100;
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** `backends` is asked again and again: who comes and goes is its business. */
export async function startBalancer(backends: () => readonly string[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const answered = new Map<string, number>();
  let ready: readonly string[] = [];
  let turn = 0;
  let going = true;

  async function look(): Promise<void> {
    const all = backends();
    const states = await Promise.all(all.map(isReady));
    ready = all.filter((_, n) => states[n]);
  }
  const looking = (async () => {
    while (going) {
      await look();
      await sleep(LOOK_EVERY_MS);
    }
  })();

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const from = turn++;
    const candidates = ready.map((_, n) => ready[(from + n) % ready.length]!);
    for (const backend of candidates) {
      const upstream = await send(backend, incoming, body, agent);
      if (upstream === 'not-sent') continue;
      answered.set(backend, (answered.get(backend) ?? 0) + 1);
      // What concerns the connection to the intake is none of the caller's.
      const { connection, 'keep-alive': keptAlive, 'transfer-encoding': encoding, ...headers } = upstream.headers;
      response.writeHead(upstream.statusCode ?? 502, headers);
      response.end(await readAll(upstream));
      return;
    }
    response.writeHead(502).end('no intake is ready');
  }
  const server = createServer((incoming, response) => {
    forward(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), look()]);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered,
    stop: async () => {
      going = false;
      await looking;
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

/** On a connection of its own each time, so that it does not speak for the others. */
async function isReady(backend: string): Promise<boolean> {
  const headers = { connection: 'close' };
  try {
    return (await fetch(`${backend}/health/ready`, { headers, signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** Rejects when something of it may have been sent. */
function send(
  backend: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  agent: Agent,
): Promise<IncomingMessage | 'not-sent'> {
  return new Promise((resolve, reject) => {
    const { host, connection, 'transfer-encoding': encoding, ...kept } = headers;
    const sized = { ...kept, 'content-length': body.length };
    const outgoing = openRequest(`${backend}${url}`, { method, headers: sized, agent }, resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('not-sent');
      else reject(error);
    });
    outgoing.end(body);
  });
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw new Error('the body is too long for this balancer');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
