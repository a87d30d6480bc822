/* Listening, and saying clearly why it cannot be done. */
import type { AddressInfo } from 'node:net';
import type { HttpServer } from './build-server.ts';

/** The address cannot be listened on. The message is for the operator, whole. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly exitCode = 1;
}

/** Listens and answers the URL it can be reached at. port 0 takes a free one. */
export async function listen(
  { app }: HttpServer,
  at: { readonly host: string; readonly port: number },
): Promise<string> {
  // `localhost` may be two addresses, and the framework would open a second server without our limits for the other.
  const host = at.host.toLowerCase() === 'localhost' ? '127.0.0.1' : at.host;
  try {
    await app.listen({ host, port: at.port, backlog: 511 });
  } catch (error) {
    throw new ListenError(explain(error, host, at.port), { cause: error });
  }
  const address = app.server.address() as AddressInfo;
  const scheme = 'setSecureContext' in app.server ? 'https' : 'http';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

function explain(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const place = `port ${port} of ${host}`;
  if (code === 'EADDRINUSE') return `${place} is taken: stop what listens there, or set PORT (0 takes a free one)`;
  if (code === 'EACCES') return `${place} may not be used by this user: set PORT to 1024 or more`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${host} is no address of this machine: set SLUICE_BIND`;
  return `${place} cannot be listened on (${String(code ?? 'unknown cause')})`;
}
