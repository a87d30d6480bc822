/* Starts an emulator, in a process of its own (main.ts) or in a test's. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, type Logger } from '@sluice/telemetry';
import { createBehaviorInForce } from './behavior/behavior-in-force.ts';
import { type Clock, systemClock } from './clock.ts';
import { createCallLog } from './control/call-log.ts';
import { createStats } from './control/stats.ts';
import { createTokenCounts } from './control/token-counts.ts';
import { createAppearances } from './graph/appearances.ts';
import { createOpenResponses, type OpenResponses } from './http/open-responses.ts';
import { routeRequest } from './http/route-request.ts';
import { openLedger } from './ledger/ledger.ts';
import { createGates } from './limits/connection-gate.ts';
import { createTenantGates } from './limits/tenant-gates.ts';
import type { Random } from './random.ts';
import { createTokenReader } from './tokens/token.ts';
import type { World } from './world.ts';

export interface EmulatorOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly bind: string;
  /** Where the ledger is kept; null: nowhere, it goes with the emulator. */
  readonly dataDir: string | null;
  readonly clock?: Clock;
  /** In place of the sequence that the behaviour's seed gives. */
  readonly random?: Random;
  readonly log?: Logger;
}

export interface Emulator {
  readonly url: string;
  /** Lets calls in flight end, for STOP_MS at most, and closes the ledger. */
  stop(): Promise<void>;
}

const STOP_MS = 2000;
const CLOSE_MS = 500;
/** Longer than any client keeps an idle connection, so that it is the client who closes and no request meets a closing socket. */
const KEEP_ALIVE_MS = 600_000;
const CONNECTIONS_MAX = 10_000;

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { port, bind, dataDir, clock = systemClock, log = createLogger('emulator', 'silent') } = options;
  const ledger = await openLedger(dataDir);
  let stopped = false;
  const world: World = {
    clock,
    log,
    behavior: createBehaviorInForce(options.random),
    gates: createGates(clock.nowMs),
    tenantGates: createTenantGates(),
    ledger,
    stats: createStats(),
    tokenCounts: createTokenCounts(),
    callLog: createCallLog(),
    appearances: createAppearances(),
    readToken: createTokenReader(),
    requestIdPrefix: requestIdPrefix(clock.nowMs()),
    isStopped: () => stopped,
  };
  const responses = createOpenResponses();
  const server = serve(world, responses);
  try {
    await listen(server, port, bind);
  } catch (error) {
    ledger.close();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await close(server);
    // A response that closes without having got out is a correction in the ledger: the ledger closes after it.
    await responses.allClosed(CLOSE_MS);
    stopped = true;
    ledger.close();
  };
  return {
    url: urlOf(server),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

function serve(world: World, responses: OpenResponses): Server {
  const settings = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 30_000, requestTimeout: 60_000 };
  const server = createServer(settings, (request, response) => {
    responses.add(response);
    routeRequest({ world, request, response }).catch((err: unknown) => {
      world.log.error({ err, url: request.url?.slice(0, 200) }, 'a request failed inside the emulator');
      response.destroy();
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function listen(server: Server, port: number, bind: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: bind }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Takes no more connections, lets calls in flight end, and cuts off what is left after STOP_MS. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const sweep = setInterval(() => server.closeIdleConnections(), 10);
  const limit = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** The front of a GUID, different for each start. */
function requestIdPrefix(startedMs: number): string {
  const started = startedMs.toString(16).padStart(12, '0').slice(-12);
  return `${started.slice(0, 8)}-${started.slice(8)}-4000-8000-`;
}
