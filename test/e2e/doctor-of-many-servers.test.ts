/* sluice doctor where Redis is more than one server: with Sentinels before and after a failover, and on a Cluster of which one server is set wrong. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, type RedisServer } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { openStore } from '../support/conservation.ts';
import { startRedisCluster, startWatchedPair } from '../support/redis-fleet.ts';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';
import { SHARDED_CONNECTIONS, THREE_SHARDS } from '../support/three-shards.ts';

const MOVED_MS = 60_000;

interface Finding {
  readonly area: string;
  readonly state: string;
  readonly text: string;
  readonly remedy: string | null;
}

/** What it says of Redis and of the workers behind it. */
async function doctor(system: System, env: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const { out, err } = await runSluice(['doctor', '--json'], {
    ...system.env,
    SLUICE_DATA_DIR: join(tmpdir(), 'no-npm-start-here'),
    ...env,
  });
  assert.ok(out.startsWith('{'), `${out}${err}`);
  assert.ok(!out.includes('of-this-test'), 'the password is told to nobody');
  const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
  return findings.filter(({ area }) => area === 'redis' || area === 'workers');
}

const textsOf = (findings: readonly Finding[]) => findings.map(({ text }) => text).join('\n');
const failuresOf = (findings: readonly Finding[]) => findings.filter(({ state }) => state === 'fail');

async function set(server: RedisServer, name: string, value: string): Promise<void> {
  const admin = openAdmin(server);
  await admin.config('SET', name, value);
  admin.disconnect();
}

test('with Sentinels it looks at the server that they name, also after a failover, and knows a replica for what it is', async (t) => {
  const pair = await startWatchedPair();
  t.after(() => pair.stop());
  const system = await startSystem({ intakes: 0, workers: 1, redisElsewhere: pair });
  t.after(() => system.stop());
  const before = await doctor(system, { SLUICE_DURABILITY: 'replicated' });
  assert.deepEqual(failuresOf(before), []);
  assert.match(textsOf(before), /answers at rediss?\+sentinel:\/\/127\.0\.0\.1:\d+,.*\/pair/);
  assert.match(textsOf(before), /One worker is at work/);

  const aside = await doctor(system, { REDIS_URL: pair.second.tls?.url ?? pair.second.url });
  const [readOnly] = failuresOf(aside);
  assert.match(
    `${readOnly?.text} ${readOnly?.remedy}`,
    /does not take writes: .*READONLY.* It is a replica.*redis\+sentinel/,
  );

  await pair.first.kill9();
  await eventually(async () => (await pair.namedPort()) === pair.second.port, {
    withinMs: MOVED_MS,
    what: 'the Sentinels name the other one',
  });
  await set(pair.second, 'appendonly', 'no');
  const after = await eventually(
    async () => {
      const found = await doctor(system);
      return found.some(({ text }) => text.includes('appendonly')) && found;
    },
    { withinMs: MOVED_MS, what: 'the other one is looked at' },
  );
  assert.deepEqual(
    failuresOf(after).map(({ text }) => /appendonly no/.test(text)),
    [true],
    textsOf(after),
  );
});

async function startOnCluster(t: TestContext) {
  const cluster = await startRedisCluster(['--cluster-require-full-coverage', 'no']);
  t.after(() => cluster.stop());
  const system = await startSystem({ ...THREE_SHARDS, intakes: 0, workers: 1, redisElsewhere: cluster });
  t.after(() => system.stop());
  const store = openStore(system);
  t.after(() => store.close());
  await store.ping();
  const owners = await Promise.all(SHARDED_CONNECTIONS.map((id) => cluster.ownerOf(`{${store.shardTagOf(id)}}:`)));
  return { cluster, system, owners };
}

test('on a Cluster it looks at each server that holds a shard, and says which one is wrong', async (t) => {
  const { cluster, system, owners } = await startOnCluster(t);
  const first = await doctor(system);
  assert.deepEqual(failuresOf(first), []);
  assert.match(textsOf(first), /What is stored lies in 3 shards/);
  assert.match(
    textsOf(first),
    /other servers that hold shards are as they must be: 127\.0\.0\.1:\d+ \(shard 2\), 127\.0\.0\.1:\d+ \(shard 3\)/,
  );
  assert.match(textsOf(first), /One worker is at work/);

  const [, second, third] = owners;
  assert.ok(second && third);
  await set(second, 'maxmemory-policy', 'allkeys-lru');
  const admin = openAdmin(third);
  await admin.call('ACL', 'SETUSER', 'sluice', '-zadd');
  const wrong = failuresOf(await doctor(system));
  await admin.call('ACL', 'SETUSER', 'sluice', '+zadd');
  await admin.call('ACL', 'LOG', 'RESET');
  admin.disconnect();
  assert.deepEqual(
    wrong.map(({ area }) => area),
    ['redis', 'redis'],
    textsOf(wrong),
  );
  assert.match(
    wrong[0]!.text,
    /^At 127\.0\.0\.1:\d+ \(shard 2\): Redis may throw activities away: maxmemory-policy is allkeys-lru/,
  );
  assert.match(wrong[1]!.text, /^At 127\.0\.0\.1:\d+ \(shard 3\): The user of REDIS_URL may not give ZADD/);
  await set(second, 'maxmemory-policy', 'noeviction');

  for (const server of [...(await cluster.replicasOf(second)), second]) await server.kill9();
  const gone = await eventually(
    async () => {
      const failed = failuresOf(await doctor(system));
      return failed.some(({ text }) => text.includes('shard 2')) && failed;
    },
    { withinMs: MOVED_MS, what: 'it is missed' },
  );
  assert.deepEqual(
    gone.map(({ area }) => area),
    ['redis'],
    textsOf(gone),
  );
  assert.match(gone[0]!.text, /^The server at .*shard 2.* cannot be used: /);
  assert.match(gone[0]!.remedy ?? '', /tenants of its shard/);
});
