/*
  The health check of a container: node is-ready.ts [PORT [PATH]]. Exit code 0: the service on this port is ready. Without a port
  it is the one of the service that the container runs; a container that runs none, but the command line, has nothing to be asked.
*/
import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { PORTS, serviceOf } from './service-of.ts';

const ASKED_MS_MAX = 2500;

const [port = portOfContainer(), path = '/health/ready'] = process.argv.slice(2);
process.exitCode = port === null || (await isReady(port)) ? 0 : 1;

async function isReady(at: string): Promise<boolean> {
  // A worker's own port speaks no TLS, whatever the others do.
  return (await isOk(getPlain, `http://127.0.0.1:${at}${path}`)) || isOk(getSecure, `https://127.0.0.1:${at}${path}`);
}

/** The certificate names the service as others reach it, not this address; and who answers here is the container itself. */
function isOk(get: typeof getSecure | typeof getPlain, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { rejectUnauthorized: false, timeout: ASKED_MS_MAX };
    const request = get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function portOfContainer(): string | null {
  const service = serviceOf(readFileSync('/proc/1/cmdline', 'utf8').split('\0'));
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: this runs in a container, not in turbo.
  return service === null ? null : (process.env['PORT'] ?? PORTS[service]!);
}
