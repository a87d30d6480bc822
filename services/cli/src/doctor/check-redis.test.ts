import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreLook } from '@sluice/core';
import { findRedis, findWorkers, type RedisSettings } from './check-redis.ts';
import type { Finding } from './finding.ts';

type Reached = Extract<StoreLook, { kind: 'reached' }>;

const SETTINGS: RedisSettings = { durability: 'fsync-1s', durabilityAssume: null, shards: 1 };
const MIB = 1024 * 1024;
const WELL: Reached = {
  kind: 'reached',
  product: 'Redis',
  version: '7.0.15',
  policy: 'noeviction',
  bytesMax: 100 * MIB,
  usedBytes: 50 * MIB,
  appendOnly: 'yes',
  appendFsync: 'everysec',
  appendOnlyBroken: false,
  replicas: 0,
  refused: [],
  writeError: null,
  shards: 1,
  roundTripsMs: [0.1, 0.2, 0.3],
  clock: { theirsMs: 0, oursMs: 0 },
  others: [],
};

const find = (look: Partial<Reached>, settings: Partial<RedisSettings> = {}) =>
  findRedis({ ...WELL, ...look }, { ...SETTINGS, ...settings }, 'redis://r:6379');
/** What is not well: its state, and the first words that must be in it. */
const wrong = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state !== 'ok').map(({ state, text }) => `${state} ${text}`);

function says(findings: readonly Finding[], expected: RegExp | null): void {
  const found = wrong(findings);
  if (expected === null) assert.deepEqual(found, []);
  else {
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0]!, expected);
  }
}

test('a Redis that is as it must be, in every way that is allowed', () => {
  says(find({}), null);
  says(find({ version: null, bytesMax: 0, usedBytes: null, policy: null, shards: null }), null);
  says(find({ appendFsync: 'always', replicas: 1 }, { durability: 'replicated' }), null);
  says(find({ shards: 3 }, { shards: 3 }), null);
});

test('its version, its distance, its memory and its clock: from where on each is told', () => {
  says(find({ version: '6.2.14' }), /^fail Redis at redis:\/\/r:6379 is version 6\.2\.14/);
  says(find({ version: '10.0.0' }), null);
  says(find({ roundTripsMs: [1, 5, 90] }), null);
  says(find({ roundTripsMs: [1, 5.1, 90] }), /^warn .*a round trip takes 5\.1 ms/);
  says(find({ usedBytes: 80 * MIB }), null);
  says(find({ usedBytes: 80 * MIB + 1 }), /^warn 80 MiB of 100 MiB are in use/);
  says(find({ policy: 'allkeys-lru' }), /^fail .*maxmemory-policy is allkeys-lru\.$/);
  says(find({ policy: 'volatile-ttl', bytesMax: 0 }), /volatile-ttl, and no maxmemory is set yet/);
  says(find({ clock: { theirsMs: 0, oursMs: 29_999 } }), null);
  says(find({ clock: { theirsMs: 0, oursMs: 30_000 } }), /^warn .* is 30 s ahead of Redis/);
  says(find({ clock: { theirsMs: 240_000, oursMs: 0 } }), /^fail .* is 4 minutes behind Redis/);
});

test('durability: what Redis does against what is promised, and a word that counts only where Redis says nothing', () => {
  for (const [appendOnly, appendFsync, kept] of [
    ['no', 'always', 'memory'],
    ['yes', 'no', 'memory'],
    ['yes', 'everysec', 'fsync-1s'],
    ['yes', 'always', 'fsync'],
  ] as const) {
    const levels = ['memory', 'fsync-1s', 'fsync'] as const;
    for (const durability of levels) {
      const low = levels.indexOf(kept) < levels.indexOf(durability);
      says(find({ appendOnly, appendFsync }, { durability }), low ? /^fail Redis keeps less safely than/ : null);
    }
  }
  const remedyOf = (durability: RedisSettings['durability']) =>
    find({ appendOnly: 'no' }, { durability }).find(({ state }) => state === 'fail')?.remedy;
  assert.match(remedyOf('fsync-1s')!, /appendfsync everysec .*SLUICE_DURABILITY=memory\.$/);
  assert.match(remedyOf('fsync')!, /appendfsync always .*SLUICE_DURABILITY=memory\.$/);
  says(find({ appendOnly: null }), /^fail Redis keeps less safely/);
  const hidden = { appendOnly: null, appendFsync: null };
  const told = find(hidden);
  says(told, /^fail Redis keeps less safely/);
  assert.match(told.find(({ state }) => state === 'fail')!.remedy!, /SLUICE_DURABILITY_ASSUME/);
  says(find(hidden, { durabilityAssume: 'fsync' }), /^warn Redis hides .* vouches for fsync/);
  says(find({ appendOnly: 'no' }, { durabilityAssume: 'fsync' }), /^fail Redis keeps less safely/);
  says(find({ appendOnlyBroken: true }), /^fail Redis cannot write its append-only file/);
  const replicated = { durability: 'replicated' } as const;
  says(find({ appendFsync: 'always', replicas: 0 }, replicated), /^fail .*no replica that answers/);
  says(find({ appendFsync: 'everysec', replicas: 1 }, replicated), /^fail Redis keeps less safely/);
  says(find({ appendFsync: 'always', replicas: 0 }, { ...replicated, durabilityAssume: 'replicated' }), null);
});

test('what it does not let us do, each with what to do', () => {
  const remedyOf = (findings: readonly Finding[]) => findings.find(({ state }) => state === 'fail')?.remedy ?? '';
  says(find({ refused: ['EVALSHA', 'XADD'] }), /^fail .* may not give EVALSHA, XADD/);
  for (const [writeError, remedy] of [
    ["READONLY You can't write against a read only replica", /redis\+sentinel/],
    ["OOM command not allowed when used memory > 'maxmemory'", /maxmemory is used up/],
    ['MISCONF Redis is configured to save RDB snapshots', /its disk is full/],
  ] as const) {
    says(find({ writeError }), /^fail Redis does not take writes: /);
    assert.match(remedyOf(find({ writeError })), remedy);
  }
  says(find({ shards: 1 }, { shards: 3 }), /^fail SLUICE_SHARDS is 3 here, and what is stored lies in 1 shards/);
  for (const [message, remedy] of [
    ['WRONGPASS invalid username-password pair', /Correct user and password/],
    ['self-signed certificate in certificate chain', /REDIS_CA_FILE/],
    ['getaddrinfo ENOTFOUND redis', /is not found from here/],
    ['connect ECONNREFUSED 127.0.0.1:6379', /Start Redis/],
  ] as const) {
    const away = findRedis({ kind: 'away', message }, SETTINGS, 'redis://r:6379');
    says(away, /^fail Redis at redis:\/\/r:6379 cannot be used: /);
    assert.match(remedyOf(away), remedy);
  }
});

test('of other servers each that is wrong is named, and what is well in one line', () => {
  const server = { ...WELL, where: '' };
  const other = (where: string, look: Partial<Reached>) => ({ where, look: { ...server, ...look } });
  const well = find({ others: [other('a (shard 2)', {}), other('b (shard 3)', {})] });
  says(well, null);
  assert.ok(well.some(({ text }) => text.endsWith('as they must be: a (shard 2), b (shard 3).')));
  const others = [
    other('a', {}),
    other('b', { policy: 'allkeys-lru', refused: ['ZADD'] }),
    { where: 'c', look: { kind: 'away', message: 'connect ECONNREFUSED' } as const },
  ];
  const told = wrong(find({ others }));
  assert.deepEqual(
    told.map((text) => text.slice(0, 25)),
    ['fail At b: Redis may thro', 'fail At b: The user of RE', 'fail The server at c cann'],
  );
});

test('workers: how many are at work, since when none is, and one of another version', () => {
  const nowMs = 10_000_000;
  const worker = (agoMs: number, version = '1.0.0') =>
    ({ id: 'w', host: 'h', version, seenMs: nowMs - agoMs }) as never;
  const textOf = (workers: readonly never[]) => {
    const [found] = findWorkers({ nowMs, workers }, '1.0.0');
    return `${found!.state} ${found!.text}`;
  };
  assert.match(textOf([]), /^fail No worker was seen within the last hour/);
  assert.match(textOf([worker(600_000), worker(3_000_000)]), /^fail No worker was seen for 10 minutes/);
  assert.match(textOf([worker(0)]), /^ok One worker is at work: h \(1\.0\.0\)/);
  assert.match(textOf([worker(0), worker(1), worker(600_000)]), /^ok 2 workers are at work/);
  assert.match(textOf([worker(0), worker(0, '0.9.0')]), /^warn 2 workers are at work: h \(1\.0\.0\), h \(0\.9\.0\)/);
});
