/* nginx and haproxy in front of a server, as Debian ships them; each adds what tells its requests from those that slipped past it. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@sluice/testing';

export interface Front {
  readonly url: string;
  stop(): Promise<void>;
}

export type FrontName = 'nginx' | 'haproxy';

/** Where Debian puts them; no PATH of a user has it. */
const PATH = `${process.env['PATH']}:/usr/sbin`;

export function hasFront(name: FrontName): boolean {
  return spawnSync(name, ['-v'], { env: { PATH }, stdio: 'ignore' }).error === undefined;
}

/** Every request that it passes on carries the key, whatever its own caller said. */
export async function startFront(name: FrontName, backend: string, apiKey: string): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  const port = await freePort();
  const file = join(folder, 'front.conf');
  const target = new URL(backend).host;
  writeFileSync(
    file,
    name === 'nginx' ? nginxConf({ folder, port, target, apiKey }) : haproxyConf({ port, target, apiKey }),
  );
  const args = name === 'nginx' ? ['-p', folder, '-c', file, '-g', 'daemon off;'] : ['-db', '-f', file];
  const child = spawn(name, args, { env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await eventually(() => answers(port), { withinMs: 20_000, what: `${name} listens` });
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${name} did not start: ${said}`, { cause: error });
  }
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ConfParts {
  readonly port: number;
  readonly target: string;
  readonly apiKey: string;
}

function nginxConf({ folder, port, target, apiKey }: ConfParts & { readonly folder: string }): string {
  return `
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream intake { server ${target}; keepalive 16; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://intake;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Api-Key ${apiKey};
    }
  }
}
`;
}

function haproxyConf({ port, target, apiKey }: ConfParts): string {
  return `
global
  maxconn 512
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 20s
  http-reuse always
frontend front
  bind 127.0.0.1:${port}
  http-request set-header X-Api-Key ${apiKey}
  default_backend intake
backend intake
  server one ${target}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
