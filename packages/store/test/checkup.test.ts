/* A look at Redis: what it says of itself, and each thing that can be wrong with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreLook } from '@sluice/core';
import { REDIS_LOGIN, type RedisOptions, shippedUser, startRedis, versionOf } from '@sluice/testing';
import { openRedisCheckup } from '../src/index.ts';
import { loadScript, readScript, SCRIPT_NAMES } from '../src/scripts.ts';
import { openAdmin } from './support/open-admin.ts';

const LEAST = shippedUser(versionOf('redis-server'));

async function withRedis(
  options: RedisOptions & { readonly password?: string },
  use: (look: StoreLook) => void,
): Promise<void> {
  const redis = await startRedis(options);
  const checkup = openRedisCheckup({
    url: redis.url.replace(REDIS_LOGIN.password, options.password ?? REDIS_LOGIN.password),
  });
  try {
    use(await checkup.look());
  } finally {
    checkup.close();
    await redis.stop();
  }
}

test('a good Redis is told as it is', () =>
  withRedis({ appendOnly: true }, (look) => {
    assert.ok(look.kind === 'reached', JSON.stringify(look));
    assert.match(look.version ?? '', /^\d+\./);
    assert.deepEqual([look.policy, look.appendOnly, look.appendFsync], ['noeviction', 'yes', 'always']);
    assert.deepEqual([look.refused, look.writeError, look.appendOnlyBroken], [[], null, false]);
    assert.ok(look.roundTripsMs[0]! > 0 && Math.abs(look.clock.theirsMs - look.clock.oursMs) < 5000);
  }));

test('eviction, a limit of memory and no append-only file are told', () =>
  withRedis({ args: ['--maxmemory-policy', 'allkeys-lru', '--maxmemory', '50mb'] }, (look) => {
    assert.ok(look.kind === 'reached');
    assert.deepEqual([look.policy, look.bytesMax, look.appendOnly], ['allkeys-lru', 50 * 1024 * 1024, 'no']);
  }));

test('commands that the user may not give are named', () =>
  withRedis({ user: LEAST.replace(' +xadd', '').replace(' +zadd', '') }, (look) => {
    assert.ok(look.kind === 'reached');
    assert.deepEqual(look.refused, ['XADD', 'ZADD']);
  }));

test('a memory that is full is told as what writing says', () =>
  withRedis({ args: ['--maxmemory', '1kb'] }, (look) => {
    assert.ok(look.kind === 'reached');
    assert.match(look.writeError ?? '', /OOM/);
  }));

test('a wrong password, and nobody at the address, are told at once and in time', async () => {
  await withRedis({ password: 'wrong' }, (look) => {
    assert.ok(look.kind === 'away');
    assert.match(look.message, /does not accept the name or the password/);
  });
  const checkup = openRedisCheckup({ url: 'redis://127.0.0.1:1' });
  try {
    const look = await checkup.look();
    assert.ok(look.kind === 'away');
    assert.match(look.message, /ECONNREFUSED/);
  } finally {
    checkup.close();
  }
});

test('of a cluster the server is looked at that holds the shard, also by who asks before it is reached', async () => {
  const node = await startRedis({ cluster: true, args: ['--cluster-announce-ip', '127.0.0.1'] });
  const admin = openAdmin(node);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  admin.disconnect();
  const checkup = openRedisCheckup({ url: node.url.replace('redis://', 'redis+cluster://') });
  try {
    const look = await checkup.look();
    assert.ok(look.kind === 'reached', JSON.stringify(look));
    assert.deepEqual([look.policy, look.refused, look.others], ['noeviction', [], []]);
  } finally {
    checkup.close();
    await node.stop();
  }
});

test('every command that a script gives is tried, and no key is left behind', async () => {
  const tried = readScript('checkup');
  const given = SCRIPT_NAMES.flatMap((name) =>
    [...loadScript(name).matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, command]) => command!),
  );
  const missing = [...new Set(given)].filter((command) => !tried.includes(`'${command}'`));
  assert.deepEqual(missing, []);
  const redis = await startRedis();
  const checkup = openRedisCheckup({ url: redis.url });
  try {
    await checkup.look();
    const admin = openAdmin(redis);
    assert.equal(await admin.dbsize(), 0);
    admin.disconnect();
  } finally {
    checkup.close();
    await redis.stop();
  }
});
