/* Passwords of Redis and of its Sentinels: one that is wrong is named, and a file with the right one is taken up without a restart. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { placeOf, redisEnv } from '../support/redis-env.ts';
import { caughtUp, startRedisCluster, startWatchedPair } from '../support/redis-fleet.ts';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const items = ['a1', 'b2', 'c3'];
const SAID_MS = 60_000;
const OLD = 'of-this-test';
const NEW = 'another-of-this-test';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-passwords-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function failureSaid(service: Service, text: RegExp, msg = 'Redis connection failed'): Promise<unknown> {
  const says = (line: object) => text.test((line as { err?: { message?: string } }).err?.message ?? '');
  return service.waitFor(msg, { where: says, withinMs: SAID_MS });
}

/** What the doctor finds wrong with Redis, and what it advises. */
async function doctor(system: System, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { out, err } = await runSluice(['doctor', '--json'], {
    ...system.env,
    SLUICE_DATA_DIR: join(tmpdir(), 'none'),
    ...env,
  });
  assert.ok(!`${out}${err}`.includes(OLD), 'the password is told to nobody');
  const { findings } = JSON.parse(out) as {
    findings: readonly { area: string; state: string; text: string; remedy: string }[];
  };
  return findings
    .flatMap((one) => (one.area === 'redis' && one.state === 'fail' ? [`${one.text} ${one.remedy}`] : []))
    .join('\n');
}

async function taken(system: System, producer: ReturnType<typeof startProducer>): Promise<void> {
  await eventually(async () => (await producer.post({ connection: 'guarded', items, count: 30 })) === 202, {
    withinMs: SAID_MS,
    what: 'activities are taken',
  });
  await drained(system, ['guarded'], SAID_MS);
}

test('Sentinels with a password of their own: a wrong one is named, the right one is taken up, and a failover follows', async (t) => {
  const pair = await startWatchedPair({ sentinelPassword: OLD });
  t.after(() => pair.stop());
  const file = join(await folderOf(t), 'sentinel-password');
  await writeFile(file, 'wrong\n');
  const env = { ...pair.env, REDIS_SENTINEL_PASSWORD_FILE: file };
  const system = await startSystem({ intakes: 0, workers: 0, redisElsewhere: { ...pair, env } });
  t.after(() => system.stop());
  const intake = await spawnService({ service: 'intake', env: system.env });
  t.after(() => intake.kill('SIGKILL'));
  const worker = await system.startWorker();
  await failureSaid(intake, /^The Sentinels do not accept REDIS_SENTINEL_PASSWORD/);
  await failureSaid(worker, /^The Sentinels do not accept REDIS_SENTINEL_PASSWORD/, 'worker error');
  assert.match(
    await doctor(system),
    /cannot be used: The Sentinels do not accept .* Put the Sentinels’ own password into/,
  );
  assert.match(
    await doctor(system, { REDIS_SENTINEL_PASSWORD_FILE: '' }),
    /The Sentinels ask for a password: set REDIS_SENTINEL_PASSWORD/,
  );
  const other = {
    REDIS_SENTINEL_PASSWORD_FILE: '',
    REDIS_SENTINEL_PASSWORD: OLD,
    REDIS_URL: system.env['REDIS_URL']!.replace(/pair$/, 'other'),
  };
  assert.match(await doctor(system, other), /The Sentinels know no server named other: correct the name/);

  await writeFile(file, `${OLD}\n`);
  const producer = startProducer(() => [intake.url!], { resend: true });
  await taken(system, producer);
  assert.equal(await doctor(system), '');
  const raw = worker.logs.filter(({ err }) =>
    /WRONGPASS|All sentinels/.test((err as Error | undefined)?.message ?? ''),
  );
  assert.deepEqual(raw, [], 'also BullMQ’s connections say it in words');
  await caughtUp(pair.first, pair.second);
  await pair.first.kill9();
  await taken(system, producer);
  await assertDeliveredOnce(system, producer);
});

for (const kind of ['one server', 'a Cluster'] as const) {
  test(`the password in the file of REDIS_URL is changed, and every connection to ${kind} comes back with the new one`, async (t) => {
    const redis = kind === 'a Cluster' ? await startRedisCluster() : await startAlone();
    t.after(() => redis.stop());
    const file = join(await folderOf(t), 'redis-url');
    await writeFile(file, `${redis.url}\n`);
    const { REDIS_URL: _, ...trust } = redis.env;
    const system = await startSystem({
      workers: 1,
      redisElsewhere: { ...redis, env: { ...trust, REDIS_URL_FILE: file } },
    });
    t.after(() => system.stop());
    const producer = startProducer(() => [system.intakes[0]!.url!], { resend: true });
    await taken(system, producer);

    await eachServer(
      redis.servers,
      ['ACL', 'SETUSER', 'sluice', 'resetpass', `>${NEW}`],
      ['CLIENT', 'KILL', 'USER', 'sluice'],
    );
    await failureSaid(system.intakes[0]!, /^Redis does not accept the name or the password in REDIS_URL/);
    const url = redis.url.replace(OLD, NEW);
    await writeFile(file, `${url}\n`);
    const renewed = { ...system, storePlace: { ...system.storePlace, url } };
    await taken(renewed, producer);
    await assertDeliveredOnce(renewed, producer);
    await eachServer(redis.servers, ['ACL', 'LOG', 'RESET']);
  });
}

async function startAlone() {
  const server = await startRedis({ appendOnly: true });
  return { ...placeOf(server), env: redisEnv(server), servers: [server], stop: () => server.stop() };
}

async function eachServer(servers: readonly RedisServer[], ...commands: readonly (readonly string[])[]): Promise<void> {
  for (const server of servers) {
    const admin = openAdmin(server);
    for (const [name, ...args] of commands) await admin.call(name!, ...args);
    admin.disconnect();
  }
}
