/* A console that answers as the test says, and remembers what it was asked. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly body: unknown;
}

export interface FakeConsole {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Runs the command line against it. */
  sluice(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

const BIN = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

export async function withFakeConsole(
  answer: (asked: Asked, nth: number) => FakeAnswer,
  use: (console: FakeConsole) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, body: text === '' ? null : JSON.parse(text), authorization: headers.authorization };
    asked.push(one);
    const { status = 200, retryAfter, body } = answer(one, asked.length);
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    });
    response.end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { ...process.env, SLUICE_CONSOLE_URL: url, SLUICE_API_KEY: 'key-1' };
  try {
    await use({
      url,
      asked,
      sluice: (...args) =>
        new Promise((resolve) => {
          const child = execFile(process.execPath, [BIN, ...args], { env }, (_error, out, err) =>
            resolve({ code: child.exitCode ?? -1, out, err }),
          );
        }),
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
