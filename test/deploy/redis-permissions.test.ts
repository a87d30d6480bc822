/*
  The user of Redis that is shipped may do what something of Sluice does, and nothing else. Both directions: each command in its
  file has somebody here who gives it, and whoever gives one is allowed to. What BullMQ and the client give is seen on a real
  server; of a script that runs, also the branches count that did not run this time.
*/
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openBoard, openWakeups, startDrains } from '@sluice/scheduler';
import { openRedisCheckup, openRedisStore, type RedisStore } from '@sluice/store';
import { eventually, makeEntries, makePiece, type RedisServer, shippedUser, startRedis } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { ROOT } from '../support/compose-file.ts';

/** Outside of scripts. Those that are only seen when a Cluster changes are in CHANGING. */
const GIVEN_BY: Readonly<Record<string, string>> = {
  evalsha: 'every script',
  eval: 'a script that this server does not know yet',
  get: 'the number of shards, at every start',
  exists: 'whether the shards answer',
  smembers: 'the connections of a shard',
  set: 'the mark that a replica is waited for behind',
  xadd: 'the audit log',
  xrevrange: 'the audit log',
  info: 'client and BullMQ before anything else; memory, replicas',
  'config|get': 'how safely things are kept',
  time: 'doctor',
  wait: '`replicated`',
  waitaof: '`replicated`, from Redis 7.2 on',
  ping: 'an operator, as doctor advises',
  select: 'a REDIS_URL with a database',
  bzpopmin: 'workers of BullMQ wait for wake-ups',
  'client|setname': 'workers of BullMQ, so that the board can list them',
  'client|list': 'the board lists workers',
  hget: 'the board',
  hgetall: 'the board',
  hmget: 'the board',
  hexists: 'the board',
  lrange: 'the board',
  llen: 'the board',
  zrange: 'the board',
  zrevrange: 'the board',
  zcard: 'the board',
  multi: 'the board',
  exec: 'the board',
  hscan: 'the board, for children of a job',
  sscan: 'the board, for children of a job',
  'cluster|slots': 'the client of a Cluster',
  'cluster|info': 'the client of a Cluster',
};
const CHANGING: Readonly<Record<string, string>> = {
  asking: 'a slot that is being moved',
  readonly: 'the client of a Cluster, on replicas',
  readwrite: 'the client of a Cluster, when a replica is promoted',
};
/** Of BullMQ's sixty scripts; that these are all is seen below. */
const BULLMQ_SCRIPTS: readonly string[] = [
  'addDelayedJob',
  'addJobScheduler',
  'addStandardJob',
  'extendLocks',
  'getCounts',
  'getDependencyCounts',
  'getJobs',
  'getMetrics',
  'getRateLimitTtl',
  'getStateV2',
  'moveStalledJobsToWait',
  'moveToActive',
  'moveToFinished',
  'updateJobScheduler',
];

const SEEN_MS = 60_000;
const DEED = {
  who: 'a',
  keyId: '',
  action: 'pause',
  connectionId: 'hr',
  detail: '',
  outcome: 'done',
  status: 200,
  requestId: 'r',
} as const;

const allowedBy = (line: string) => line.split(' ').flatMap((word) => (word.startsWith('+') ? [word.slice(1)] : []));
const ALLOWED = allowedBy(shippedUser([8, 0]));

function commandsIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, command]) => command!.toLowerCase());
}

const OUR_SCRIPTS = globSync(join(ROOT, 'packages/store/src/scripts/**/*.lua')).filter(
  (file) => basename(file) !== 'checkup.lua',
);
const ours = new Set(
  OUR_SCRIPTS.flatMap((file) => commandsIn(readFileSync(file, 'utf8'), /redis\.p?call\('([A-Z]+)'/g)),
);

interface BullmqScript {
  readonly name: string;
  readonly sha: string;
  readonly commands: readonly string[];
}

async function readBullmqScripts(): Promise<readonly BullmqScript[]> {
  const files = globSync(join(ROOT, 'node_modules/bullmq/dist/esm/scripts/*-*.js'));
  assert.ok(files.length > 50);
  return Promise.all(
    files.map(async (file) => {
      const [script] = Object.values((await import(file)) as Record<string, { name: string; content: string }>);
      const sha = createHash('sha1').update(script!.content).digest('hex');
      return {
        name: script!.name,
        sha,
        commands: commandsIn(script!.content, /(?:rcall|redis\.call)\(\s*["'](\w+)["']/g),
      };
    }),
  );
}

test('the file that is shipped allows what somebody gives, nothing less and nothing more', async () => {
  const scripts = (await readBullmqScripts()).filter(({ name }) => BULLMQ_SCRIPTS.includes(name));
  assert.equal(scripts.length, BULLMQ_SCRIPTS.length);
  const theirs = scripts.flatMap(({ commands }) => commands);
  const given = new Set([...ours, ...theirs, ...Object.keys(GIVEN_BY), ...Object.keys(CHANGING)]);
  assert.deepEqual([...given].sort(), ALLOWED.toSorted());
});

test('the file for servers before 7.2 is the same without what they do not know', () => {
  assert.equal(shippedUser([7, 0]), shippedUser([7, 2]).replace(' +waitaof', ''));
  assert.match(shippedUser([7, 2]), / ~\{s\*\}:\* -@all /, 'its own keys, and commands one by one');
});

test('doctor tries every command that a script gives', async () => {
  const checkup = readFileSync(join(ROOT, 'packages/store/src/scripts/checkup.lua'), 'utf8');
  const tried = commandsIn(checkup, /(?:\{ |try\()'([A-Z]+)'/g);
  const scripts = (await readBullmqScripts()).filter(({ name }) => BULLMQ_SCRIPTS.includes(name));
  const missing = [...ours, ...scripts.flatMap(({ commands }) => commands)].filter(
    (command) => !tried.includes(command),
  );
  assert.deepEqual([...new Set(missing)], []);
  assert.deepEqual(
    tried.filter((command) => !ALLOWED.includes(command)),
    [],
    'and none that nobody needs',
  );
});

/** What the server carried out, and what of BullMQ it was taught. */
async function seenOn(admin: ReturnType<typeof openAdmin>) {
  const scripts = await readBullmqScripts();
  const known = (await admin.call('SCRIPT', 'EXISTS', ...scripts.map(({ sha }) => sha))) as readonly number[];
  const stats = await admin.info('commandstats');
  return {
    commands: [...stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name]) => name!),
    scripts: scripts.filter((_, n) => known[n] === 1).map(({ name }) => name),
  };
}

async function firstJob(store: RedisStore): Promise<string | undefined> {
  const board = openBoard({ store, basePath: '/queues', line: '', onError: (error) => assert.fail(error) });
  const query = { activeQueue: 'drain', status: 'delayed', page: '1', jobsPerPage: '10' };
  const answer = JSON.parse(String((await board.answer('/api/queues', query))?.body));
  await board.close();
  return answer.queues[0].jobs[0]?.id;
}

async function lookAtBoard(store: RedisStore, jobId: string): Promise<void> {
  const board = openBoard({ store, basePath: '/queues', line: '', onError: (error) => assert.fail(error) });
  const drain = '/api/queues/drain';
  const pages = [
    '/api/queues',
    '/api/redis/stats',
    '/api/job-schedulers',
    `${drain}/metrics`,
    `${drain}/workers`,
    `${drain}/rate-limit`,
  ];
  const ofJob = [`${drain}/${jobId}`, `${drain}/${jobId}/logs`, `${drain}/${jobId}/flow`];
  for (const path of [...pages, `${drain}/default-job-options`, `${drain}/job-data-schema`, ...ofJob]) {
    for (const status of ['waiting', 'active', 'delayed', 'completed', 'failed', 'latest']) {
      const answer = await board.answer(path, { activeQueue: 'drain', status, page: '1', jobsPerPage: '10' });
      assert.ok(answer !== null && answer.status < 500, `${path}: ${answer?.status} ${String(answer?.body)}`);
    }
  }
  await board.close();
}

function open(t: TestContext, url: string, more: Partial<Parameters<typeof openRedisStore>[0]> = {}): RedisStore {
  const store = openRedisStore({ url, role: 'worker', onError: () => {}, ...more });
  t.after(() => store.close());
  return store;
}

async function useStore(t: TestContext, redis: RedisServer): Promise<void> {
  const store = open(t, redis.url);
  await open(t, `${redis.url}/1`).ping();
  // There is no replica: that it is waited for is all that counts here.
  const waiting = open(t, redis.url, { replicated: { vouched: false } });
  await waiting.append(makePiece({ connectionId: 'waits', groups: [{ itemId: 'a', entries: makeEntries(1) }] }));
  await Promise.all([store.ping(), store.durability(), store.memory(), store.connectionIds()]);
  await store.recordDeed(DEED);
  await store.readDeeds({ cursor: null, limit: 1 });
  const checkup = openRedisCheckup({ url: redis.url });
  await checkup.look();
  checkup.close();
}

/** A worker that is at work on one connection long enough for its lock to be renewed, and a timer. */
async function useQueues(t: TestContext, redis: RedisServer, seesAll: () => Promise<boolean>): Promise<void> {
  const store = open(t, redis.url);
  const onError = (error: Error) => assert.fail(error);
  const wakeups = openWakeups({ store, onError });
  const { promise: enough, resolve: end } = Promise.withResolvers<void>();
  const drains = startDrains({ store, wakeups, onError, drain: () => enough });
  try {
    await wakeups.wake('hr', (await store.nowMs()) + 3_600_000);
    await wakeups.repair('hr');
    await wakeups.wake('hr', 0);
    const job = await eventually(async () => firstJob(store), { withinMs: SEEN_MS, what: 'the board shows the timer' });
    await lookAtBoard(store, job);
    await eventually(seesAll, { withinMs: SEEN_MS, what: 'all scripts of BullMQ ran' }).catch(() => {});
  } finally {
    end();
    await drains.stop();
    await wakeups.close();
  }
}

test('what fleet, board and doctor give on a real server is what stands above', async (t) => {
  const redis = await startRedis({ appendOnly: true });
  t.after(() => redis.stop());
  const admin = openAdmin(redis);
  t.after(() => admin.disconnect());
  const seesAll = async () => {
    const { scripts } = await seenOn(admin);
    return BULLMQ_SCRIPTS.every((name) => scripts.includes(name));
  };
  await useStore(t, redis);
  await useQueues(t, redis, seesAll);
  const { commands, scripts } = await seenOn(admin);
  assert.deepEqual(scripts.toSorted(), BULLMQ_SCRIPTS.toSorted());
  const ofTest = ['hello', 'script|exists', 'scripts'];
  const unexplained = commands.filter((command) => !ALLOWED.includes(command) && !ofTest.includes(command));
  assert.deepEqual(unexplained, []);
});
