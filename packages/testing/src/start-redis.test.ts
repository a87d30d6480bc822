import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'node:test';
import { pingRedis } from './ping-redis.ts';
import { REDIS_LOGIN, type RedisLogin, shippedUser, versionOf } from './redis-login.ts';
import { readRefusals } from './redis-refusals.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

async function withRedis(options: Parameters<typeof startRedis>[0], use: (redis: RedisServer) => Promise<void>) {
  const redis = await startRedis(options);
  try {
    await use(redis);
  } finally {
    await redis.stop();
  }
}

/** One command, its whole answer. Enough for these tests; the store's room has a real client. */
function ask(target: { port: number } | { path: string }, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target });
    socket.on('error', reject);
    socket.write(`${command}\r\n`);
    socket.setEncoding('utf8').once('data', (answer) => {
      socket.destroy();
      resolve(String(answer).trim());
    });
  });
}

const askAs = ({ user, password }: RedisLogin, redis: RedisServer, command: string) =>
  ask(redis, `AUTH ${user} ${password}\r\n${command}`);

test('a server of its own answers on a free port until it is stopped', async () => {
  const redis = await startRedis();
  const other = await startRedis();
  assert.notEqual(redis.port, other.port);
  assert.equal(await pingRedis(redis), true);
  await redis.stop();
  assert.equal(await pingRedis(redis), false);
  assert.equal(await pingRedis(other), true);
  await other.stop();
});

test('what it acknowledged survives kill9 and restart when it appends to disk, on the same port', async () => {
  await withRedis({ appendOnly: true }, async (redis) => {
    const before = redis.pid;
    assert.equal(await ask(redis, 'SET a 1'), '+OK');
    await redis.kill9();
    assert.equal(await pingRedis(redis), false);
    await redis.restart();
    assert.notEqual(redis.pid, before);
    assert.equal(await ask(redis, 'GET a'), '$1\r\n1');
  });
});

test('without disk a restart forgets everything', async () => {
  await withRedis({}, async (redis) => {
    await ask(redis, 'SET a 1');
    await redis.restart();
    assert.equal(await ask(redis, 'GET a'), '$-1');
  });
});

test('a paused server keeps silent and then goes on', async () => {
  await withRedis({}, async (redis) => {
    redis.pause();
    assert.equal(await pingRedis({ port: redis.port, withinMs: 100 }), false);
    redis.resume();
    assert.equal(await pingRedis(redis), true);
    redis.pause();
  });
});

test('it listens on a unix socket when asked to, and stop removes its folder', async () => {
  const redis = await startRedis({ unixSocket: true, args: ['--maxmemory', '50mb'] });
  assert.equal(await ask({ path: redis.socketPath! }, 'PING'), '+PONG');
  assert.match(await ask(redis, 'CONFIG GET maxmemory'), /52428800/);
  await redis.stop();
  assert.equal(existsSync(redis.socketPath!), false);
});

test('it speaks TLS beside or alone, and may ask who comes', async () => {
  await withRedis({ tls: 'also' }, async (redis) => {
    assert.equal(await pingRedis(redis), true);
    assert.equal(await pingRedis({ port: redis.tls!.port, secured: true }), true);
  });
  await withRedis({ tls: 'only' }, async (redis) => {
    assert.match(redis.url, /^rediss:/);
    assert.equal(await pingRedis(redis), false);
    assert.equal(await pingRedis({ port: redis.port, secured: true }), true);
    await redis.restart();
    assert.equal(await pingRedis({ port: redis.port, secured: true }), true);
  });
});

test('who logs in as the user that is shipped may do what Sluice does and nothing else', async () => {
  await withRedis({ user: shippedUser(versionOf('redis-server')) }, async (redis) => {
    const say = (command: string) => askAs(REDIS_LOGIN, redis, command);
    assert.match(await say('SET {s0}:a 1'), /\+OK\r\n\+OK$/);
    assert.match(await say('GET other'), /NOPERM/);
    assert.match(await say('FLUSHALL'), /NOPERM/);
    assert.equal(await ask(redis, 'GET {s0}:a'), '$1\r\n1', 'a test itself may');
    await ask(redis, 'AUTH sluice wrong');
    assert.deepEqual(await readRefusals({ port: redis.port, secured: false }), ['flushall', 'other']);
  });
});

test('a command that was refused fails the file that ran it, though nobody looked at the answer', () => {
  const file = new URL('../test/fixtures/refused-in-silence.ts', import.meta.url).pathname;
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([status, stderr], [1, 'The user of Redis that is shipped may not: flushall.\n']);
});

test('a missing redis-server is an error that says what to install', async () => {
  await assert.rejects(
    startRedis({ program: 'redis-server-that-is-not-there' }),
    /was not found on the PATH.*install it/,
  );
});

test('a server that cannot start is an error with what it said', async () => {
  await assert.rejects(startRedis({ args: ['--maxmemory', 'plenty'] }), /exited with 1:[\s\S]*maxmemory/);
});
