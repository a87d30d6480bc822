import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { eventually } from '@sluice/testing';
import { isRunning } from '../src/launch/is-running.ts';
import { pingRedis } from '../src/launch/ping-redis.ts';
import { launch, makeFolder, makePlan, makeService, READY_MS, waitUntilGone } from './support/launched.ts';

/** The time within which nothing may be left of a launcher that was killed. */
const GONE_MS = 30_000;

test('everything starts in order, is reachable, and stops in order on Ctrl-C with exit code 0', async (t) => {
  const folder = makeFolder(t);
  const launched = launch(t, makePlan(folder));
  const addresses = await launched.addresses();
  assert.equal(await pingRedis(Number(new URL(addresses.redis).port)), 'pong');
  const { env } = JSON.parse(await (await fetch(addresses.intake)).text());
  assert.equal(env.REDIS_URL, addresses.redis);
  assert.equal(env.GRAPH_BASE_URL, addresses.emulator);
  assert.equal(env.GRAPH_TOKEN_URL, `${addresses.emulator}/${env.GRAPH_TENANT_ID}/oauth2/v2.0/token`);
  assert.equal(addresses.workers.length, 2);
  const pids = launched.pids();
  assert.equal(pids.length, 6);
  await eventually(() => launched.out().includes('curl -i'), { withinMs: READY_MS, what: 'the example is printed' });
  launched.child.kill('SIGINT');
  assert.equal(await launched.exited, 0, launched.err());
  await waitUntilGone(pids, 1000);
  assert.equal(launched.happened()[0], 'run emulator');
  const ends = launched.happened().filter((line) => line.startsWith('end'));
  assert.equal(ends[0], 'end intake');
  assert.deepEqual(ends.slice(1, 3).sort(), ['end worker-1', 'end worker-2']);
  assert.equal(ends[3], 'end emulator');
  assert.match(launched.out(), /Stopped\. Nothing is pending\.\n$/);
  assert.equal(existsSync(join(folder, 'addresses.json')), false);
});

test('nothing is left 30 s after the launcher was killed with -9, a service that ignores SIGTERM included', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'stubborn-worker-1'), '');
  const launched = launch(t, makePlan(folder, { shutdownMs: 1000 }));
  await launched.addresses();
  const pids = launched.pids();
  assert.equal(pids.length, 6);
  assert.ok(pids.every(isRunning));
  launched.child.kill('SIGKILL');
  await waitUntilGone(pids, GONE_MS);
  assert.ok(launched.happened().includes('end intake'), 'the others were asked to stop, not killed');
});

test('after a kill -9 the next launcher waits for what is still stopping, takes the lock over and starts', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'stubborn-worker-1'), '');
  const first = launch(t, makePlan(folder, { shutdownMs: 1500 }));
  const { redis } = await first.addresses();
  first.child.kill('SIGKILL');
  await first.exited;
  const port = Number(new URL(redis).port);
  const second = launch(t, makePlan(folder, { redis: { kind: 'embedded', port }, shutdownMs: 1500 }));
  await eventually(() => second.out().includes('curl -i'), { withinMs: READY_MS, what: 'the second launcher runs' });
  assert.match(second.out(), /waiting until its services have stopped/);
  second.child.kill('SIGTERM');
  assert.equal(await second.exited, 0);
});

test('a second launcher on the same data folder exits 1 and names the first', async (t) => {
  const folder = makeFolder(t);
  const first = launch(t, makePlan(folder));
  await first.addresses();
  const second = launch(t, makePlan(folder));
  assert.equal(await second.exited, 1);
  assert.match(second.err(), new RegExp(`already runs on .* as process ${first.child.pid}\\b`));
  assert.ok(isRunning(first.child.pid ?? 0));
  first.child.kill('SIGTERM');
  assert.equal(await first.exited, 0);
});

test('a taken port exits 1 and names port, owner and setting, before anything is started', async (t) => {
  const folder = makeFolder(t);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const launched = launch(t, makePlan(folder, { services: [makeService(folder, 'intake', port)] }));
  assert.equal(await launched.exited, 1);
  assert.match(launched.err(), new RegExp(`Port ${port} \\(intake\\) is taken.*--intake-port`));
  assert.equal(existsSync(join(folder, 'redis')), false);
  assert.equal(existsSync(join(folder, 'launcher.lock')), false);
});

test('a service that crashes starts again on the same port, and its last lines are shown', async (t) => {
  const launched = launch(t, makePlan(makeFolder(t)));
  const { emulator } = await launched.addresses();
  process.kill(launched.pidOf('emulator'), 'SIGKILL');
  await eventually(() => launched.happened().filter((line) => line === 'run emulator').length === 2, {
    withinMs: READY_MS,
    what: 'it runs again',
  });
  await eventually(async () => (await fetch(emulator)).ok, {
    withinMs: READY_MS,
    what: 'it answers at the old address',
  });
  assert.match(launched.err(), /emulator ended \(signal SIGKILL\) and starts again[\s\S]* {2}info: started/);
  launched.child.kill('SIGTERM');
  assert.equal(await launched.exited, 0);
});

test('a service that crashes again and again stops everything with exit 1 and its last lines', async (t) => {
  const folder = makeFolder(t);
  const launched = launch(t, makePlan(folder));
  await launched.addresses();
  const pids = launched.pids();
  writeFileSync(join(folder, 'exit-intake'), '3');
  process.kill(launched.pidOf('intake'), 'SIGKILL');
  assert.equal(await launched.exited, 1);
  assert.match(
    launched.err(),
    /intake ended 6 times within a minute, the last time with exit code 3[\s\S]*fatal: intake has a reason to end/,
  );
  await waitUntilGone([...pids, ...launched.pids()], 1000);
});

test('a service that refuses its configuration stops everything with exit 78, without a second try', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'exit-worker-1'), '78');
  const launched = launch(t, makePlan(folder));
  assert.equal(await launched.exited, 78);
  assert.match(launched.err(), /worker-1 refuses its configuration:\n {2}fatal: worker-1 has a reason to end/);
  assert.equal(launched.happened().filter((line) => line === 'run worker-1').length, 1);
  await waitUntilGone(launched.pids(), 1000);
});

test('a Redis that dies stops everything with exit 1 and its last lines', async (t) => {
  const launched = launch(t, makePlan(makeFolder(t)));
  await launched.addresses();
  const pids = launched.pids();
  process.kill(launched.pidOf('redis'), 'SIGKILL');
  assert.equal(await launched.exited, 1);
  assert.match(launched.err(), /Redis ended \(signal SIGKILL\)\. Its last lines[\s\S]*Ready to accept connections/);
  await waitUntilGone(pids, 1000);
});

test('a second Ctrl-C ends everything at once with exit 130', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'stubborn-intake'), '');
  const launched = launch(t, makePlan(folder, { shutdownMs: 60_000 }));
  await launched.addresses();
  const pids = launched.pids();
  launched.child.kill('SIGINT');
  // Again and again: two within a blink are one, and which of these is past it does not matter.
  const again = setInterval(() => launched.child.kill('SIGINT'), 50);
  t.after(() => clearInterval(again));
  assert.equal(await launched.exited, 130);
  await waitUntilGone(pids, 5000);
  assert.equal(existsSync(join(folder, 'launcher.lock')), false);
});

test('two signals within a blink are one: npm passes on what the terminal has delivered', async (t) => {
  const launched = launch(t, makePlan(makeFolder(t)));
  await launched.addresses();
  // Two of the same that are both on their way arrive as one, so these are two kinds.
  launched.child.kill('SIGINT');
  launched.child.kill('SIGTERM');
  assert.equal(await launched.exited, 0);
});

test('a stop that is asked for during the start stops what has started', async (t) => {
  const launched = launch(t, makePlan(makeFolder(t)));
  await eventually(() => launched.happened().length > 0, { withinMs: READY_MS, what: 'the first service runs' });
  launched.child.kill('SIGTERM');
  assert.equal(await launched.exited, 0, launched.err());
  await waitUntilGone(launched.pids(), 1000);
});

test('a service that does not stop is killed after the time it has', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'stubborn-worker-2'), '');
  const launched = launch(t, makePlan(folder, { shutdownMs: 300 }));
  await launched.addresses();
  const pids = launched.pids();
  launched.child.kill('SIGTERM');
  assert.equal(await launched.exited, 0);
  await waitUntilGone(pids, 1000);
});

test('what Redis held is there after a kill -9 of everything', async (t) => {
  const folder = makeFolder(t);
  const first = launch(t, makePlan(folder, { services: [makeService(folder, 'intake')] }));
  const { redis } = await first.addresses();
  await command(redis, 'SADD kept one two');
  const pids = first.pids();
  for (const pid of [first.child.pid ?? 0, ...pids]) process.kill(pid, 'SIGKILL');
  await waitUntilGone(pids, 5000);
  const second = launch(t, makePlan(folder, { services: [makeService(folder, 'intake')] }));
  await eventually(() => second.out().includes('curl -i'), { withinMs: READY_MS, what: 'the second launcher runs' });
  assert.equal(await command((await second.addresses()).redis, 'SCARD kept'), ':2');
  second.child.kill('SIGTERM');
  await second.exited;
});

test('the Redis that is started writes every command to disk and evicts nothing', async (t) => {
  const folder = makeFolder(t);
  const launched = launch(t, makePlan(folder, { services: [makeService(folder, 'intake')] }));
  const { redis } = await launched.addresses();
  const settings = {
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    'protected-mode': 'yes',
  };
  for (const [name, value] of Object.entries(settings)) {
    assert.ok((await command(redis, `CONFIG GET ${name}`, 5)).endsWith(`\r\n${value}`), `${name} is "${value}"`);
  }
  assert.ok(readFileSync(join(folder, 'logs', 'redis.log'), 'utf8').includes('Ready to accept connections'));
  launched.child.kill('SIGTERM');
  await launched.exited;
});

/** One inline command; answers its first lines. */
async function command(url: string, text: string, lines = 1): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.write(`${text}\r\n`);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.split('\r\n').length > lines) break;
  }
  socket.destroy();
  return answer.split('\r\n').slice(0, lines).join('\r\n');
}
