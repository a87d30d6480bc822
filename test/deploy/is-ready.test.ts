/* The health check of a container, asked as the container asks it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '@sluice/testing';
import { serviceOf } from '../../deploy/compose/service-of.ts';

const SCRIPT = fileURLToPath(new URL('../../deploy/compose/is-ready.ts', import.meta.url));

async function exitCodeOf(...args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function portOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return String((server.address() as AddressInfo).port);
}

test('a service is ready when it says so, over TLS as well, and not when it says no or nobody is there', async (t) => {
  let status = 200;
  const paths: string[] = [];
  const answer: RequestListener = (request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(status).end();
  };
  const { certificatePem: cert, privateKeyPem: key } = makeCertificate();
  const servers = [createServer(answer), createSecureServer({ cert, key }, answer)];
  t.after(() => {
    for (const server of servers) server.close();
  });
  for (const server of servers) {
    const port = await portOf(server);
    status = 200;
    assert.equal(await exitCodeOf(port), 0);
    assert.equal(await exitCodeOf(port, '/health/live'), 0);
    status = 503;
    assert.equal(await exitCodeOf(port), 1);
  }
  assert.deepEqual([...new Set(paths)], ['/health/ready', '/health/live']);
  assert.equal(await exitCodeOf('1'), 1);
  assert.equal(await exitCodeOf(), 0, 'this machine’s first process is no service of ours');
});

test('without a port it is the service that the container runs, however its process came to be', () => {
  for (const [line, service] of [
    ['node services/cli/src/main.ts intake', 'intake'],
    ['/usr/local/bin/node /sluice/services/intake/src/main.ts', 'intake'],
    [
      '/usr/local/bin/node --import file:///sluice/services/cli/src/stop-early.ts /sluice/services/worker/src/main.ts',
      'worker',
    ],
    ['/sbin/docker-init -- node services/cli/src/main.ts console', 'console'],
    ['node services/cli/src/main.ts status', null],
    ['node deploy/compose/prepare.ts', null],
  ] as const)
    assert.equal(serviceOf(line.split(' ')), service, line);
});
