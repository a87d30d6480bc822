/* A look at Redis: what it says of itself, and each thing that can be wrong with it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { StoreLook } from '@sluice/core';
import { type RedisOptions, startRedis } from '@sluice/testing';
import { openRedisCheckup, openRedisStore } from '../src/index.ts';
import { loadScript, readScript, SCRIPT_NAMES } from '../src/scripts.ts';

const LEAST = readFileSync(new URL('../../../deploy/redis/sluice.acl', import.meta.url), 'utf8').trim();

function userArguments(line: string): readonly string[] {
  const [user, ...rest] = line.replace('>CHANGE-ME', '>of-this-test').split(' ');
  return [`--${user}`, ...rest];
}

async function withRedis(
  options: RedisOptions & { readonly login?: string },
  use: (look: StoreLook) => void,
): Promise<void> {
  const redis = await startRedis(options);
  const url = options.login === undefined ? redis.url : redis.url.replace('//', `//${options.login}@`);
  const checkup = openRedisCheckup({ url });
  try {
    use(await checkup.look());
  } finally {
    checkup.close();
    await redis.stop();
  }
}

test('a good Redis is told as it is, also to the user that is shipped', () =>
  withRedis({ appendOnly: true, args: userArguments(LEAST), login: 'sluice:of-this-test' }, (look) => {
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
  withRedis(
    { args: userArguments(LEAST.replace(' +xadd', '').replace(' +zadd', '')), login: 'sluice:of-this-test' },
    (look) => {
      assert.ok(look.kind === 'reached');
      assert.deepEqual(look.refused, ['XADD', 'ZADD']);
    },
  ));

test('a memory that is full is told as what writing says', () =>
  withRedis({ args: ['--maxmemory', '1kb'] }, (look) => {
    assert.ok(look.kind === 'reached');
    assert.match(look.writeError ?? '', /OOM/);
  }));

test('a wrong password, and nobody at the address, are told at once and in time', async () => {
  await withRedis({ args: userArguments(LEAST), login: 'sluice:wrong' }, (look) => {
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
  const admin = openRedisStore({ url: node.url, role: 'worker', onError: () => {} });
  await admin.redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await admin.close();
  const checkup = openRedisCheckup({ url: node.url.replace('redis://', 'redis+cluster://') });
  try {
    const look = await checkup.look();
    assert.ok(look.kind === 'reached', JSON.stringify(look));
    assert.deepEqual([look.policy, look.refused], ['noeviction', []]);
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
    const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
    assert.equal(await store.redis.dbsize(), 0);
    await store.close();
  } finally {
    checkup.close();
    await redis.stop();
  }
});
