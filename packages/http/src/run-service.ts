/*
  The life of a service's process: it starts or says in one message why not, logs `listening` and `started`, stops on SIGTERM
  and SIGINT within its time and exits 0; a second signal exits at once.
*/
import type { HttpServer } from './build-server.ts';
import { listen } from './listen.ts';
import { stopServer } from './stop-server.ts';

/** The part of a logger that a service's life needs. */
export interface ServiceLogger {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export interface Service {
  readonly logger: ServiceLogger;
  readonly server: HttpServer;
  readonly listenAt: { readonly host: string; readonly port: number };
  /** Settings nobody knows, and the like. */
  readonly warnings: readonly string[];
  /** SLUICE_SHUTDOWN_MS */
  readonly shutdownMs: number;
  /** What has to end while the server still answers: a worker's calls. */
  readonly finish?: (withinMs: number) => Promise<void>;
  /** Closes what is behind the server, when it answers no more. */
  readonly close: () => Promise<void>;
}

/** Of the time a stop may take, left for closing what is behind the server. */
const CLOSE_MS = 1000;

/** Resolves when the service listens. Errors with an exitCode are the operator's: their message, no stack. */
export async function runService(open: () => Promise<Service>): Promise<void> {
  try {
    const service = await open();
    const { logger, server, listenAt, warnings } = service;
    for (const warning of warnings) logger.warn({ warning }, 'a setting is not known');
    const url = await listen(server, listenAt);
    logger.info({ url }, 'listening');
    logger.info({}, 'started');
    stopOnSignals(service);
  } catch (error) {
    if (!(error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number')) throw error;
    console.error(error.message);
    process.exit(error.exitCode);
  }
}

/** For what is found out after the start, and cannot be gone on with. */
export function endService(error: Error & { readonly exitCode: number }): never {
  console.error(error.message);
  process.exit(error.exitCode);
}

function stopOnSignals({ logger, server, shutdownMs, finish, close }: Service): void {
  let stopping = false;
  async function stop(signal: string): Promise<void> {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    const graceMs = Math.max(0, shutdownMs - CLOSE_MS);
    if (finish !== undefined) await finish(graceMs);
    await stopServer(server, finish === undefined ? graceMs : CLOSE_MS);
    await Promise.race([close().catch(() => {}), new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
    logger.info({}, 'stopped');
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}
