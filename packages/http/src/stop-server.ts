/*
  Stopping without breaking a request: first say so (not ready, `connection: close`), let what is being answered finish,
  then stop listening, and at the end of the grace cut what is left.
*/
import type { Server, ServerResponse } from 'node:http';
import type { HttpServer } from './build-server.ts';

/**
 * So long nobody may have asked before it stops listening. What was sent before the stop began may still be on its way, and closing
 * the connection under it would be the error that this spares callers.
 */
const QUIET_MS = 250;
/** New requests are still taken for at most this long after the stop began; whoever routes to us needs a moment to notice. */
const TAKING_MS_MAX = 5000;

export interface Draining {
  readonly isStopping: () => boolean;
  /** Resolves when no request is being answered and none has come for a moment. */
  begin(): Promise<void>;
}

export function watchDraining(server: Server): Draining {
  let stopping = false;
  const answering = new Set<ServerResponse>();
  const idle = Promise.withResolvers<void>();
  let quiet: NodeJS.Timeout | undefined;
  const watchQuiet = () => {
    if (stopping && answering.size === 0) quiet = setTimeout(idle.resolve, QUIET_MS);
  };
  server.on('request', (_request, response) => {
    clearTimeout(quiet);
    answering.add(response);
    response.once('close', () => {
      answering.delete(response);
      watchQuiet();
    });
  });
  return {
    isStopping: () => stopping,
    begin: () => {
      stopping = true;
      watchQuiet();
      for (const response of answering) if (!response.headersSent) response.setHeader('connection', 'close');
      return idle.promise;
    },
  };
}

/** Ends the server within graceMs; resolves when its last connection is closed. */
export async function stopServer({ app, draining }: HttpServer, graceMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await settledWithin(draining.begin(), Math.min(graceMs / 2, TAKING_MS_MAX));
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
