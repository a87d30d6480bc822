/* An intake that answers as the test says, and remembers what it was sent; and the command line against it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Posted {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly activities: readonly Readonly<Record<string, unknown>>[];
}

export interface FakeAnswer {
  readonly status?: number;
  readonly body?: unknown;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface FakeIntake {
  readonly posted: readonly Posted[];
  readonly url: string;
  /** Where relative paths begin. */
  readonly folder: string;
  write(name: string, text: string | Buffer): void;
  sluice(
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly interrupt?: () => boolean },
  ): Promise<Ran>;
}

const BIN = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const LOOK_MS = 20;
/** A command that hangs is a failure, and leaves nothing behind. */
const RUN_MS_MAX = 60_000;

/** 202, or 207 when an activity has a type that does not exist. */
export function takeValid({ activities }: Posted): FakeAnswer {
  const rejected = activities.flatMap(({ type }, index) =>
    type === 'viewed' || type === 'created' || type === 'modified'
      ? []
      : [
          {
            index,
            pointer: `#/activities/${index}/type`,
            code: 'type_unknown',
            message: 'type must be one of viewed.',
          },
        ],
  );
  const accepted = activities.length - rejected.length;
  if (accepted === 0) return { status: 400, body: { code: 'no_valid_activity', detail: 'None.', rejected } };
  return { status: rejected.length === 0 ? 202 : 207, body: { receiptId: 'r1', accepted, duplicates: 0, rejected } };
}

export async function withFakeIntake(
  answer: (posted: Posted) => FakeAnswer | Promise<FakeAnswer>,
  use: (intake: FakeIntake) => Promise<void>,
): Promise<void> {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url: path = '', headers } = request;
    const activities = text === '' ? [] : JSON.parse(text).activities;
    const one = { method, path, authorization: headers.authorization, activities };
    if (path !== '/health/live') posted.push(one);
    const { status = 200, body = {} } = path === '/health/live' ? {} : await answer(one);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-post-'));
  try {
    await use({
      posted,
      url,
      folder,
      write: (name, text) => writeFileSync(join(folder, name), text),
      sluice: (args, { input = '', env = {}, interrupt } = {}) =>
        run(args, {
          cwd: folder,
          input,
          interrupt,
          env: { ...process.env, SLUICE_URL: url, SLUICE_API_KEY: 'key-1', INIT_CWD: folder, ...env },
        }),
    });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: string;
  readonly interrupt: (() => boolean) | undefined;
}

async function run(args: readonly string[], { cwd, env, input, interrupt }: RunOptions): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env, timeout: RUN_MS_MAX, killSignal: 'SIGKILL' });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  if (interrupt === undefined) child.stdin.end(input);
  else child.stdin.write(input);
  const timer = setInterval(() => {
    if (interrupt?.() !== true) return;
    clearInterval(timer);
    child.kill('SIGINT');
  }, LOOK_MS);
  const [code] = await once(child, 'close');
  clearInterval(timer);
  return { code: code ?? -1, out, err };
}
