import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { checkPorts, findFreePort } from './ports.ts';

test('a taken port is named with its owner and what moves it', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const [problem, ...others] = await checkPorts([{ port, owner: 'intake', setting: '--port' }]);
  assert.match(
    problem ?? '',
    new RegExp(`^Port ${port} \\(intake\\) is taken by another process\\. Move it with --port`),
  );
  assert.deepEqual(others, []);
});

test('a free port and any port are fine', async () => {
  const port = await findFreePort();
  assert.deepEqual(
    await checkPorts([
      { port, owner: 'a', setting: '-' },
      { port: 0, owner: 'b', setting: '-' },
      { port: 0, owner: 'c', setting: '-' },
    ]),
    [],
  );
});

test('one port for two is refused', async () => {
  const port = await findFreePort();
  const problems = await checkPorts([
    { port, owner: 'intake', setting: '--port' },
    { port, owner: 'worker-1', setting: '--worker-port' },
  ]);
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /meant for both intake and worker-1/);
});
