/*
  Servers that can say what is on their disk (WAITAOF: Redis from 7.2 on, Valkey) are asked, and their answer is believed before
  their settings are, which are read once a minute. Debian's Redis 7.0 cannot: there these tests are skipped and say so.
*/
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  eventually,
  makeEntries,
  makePiece,
  type RedisServer,
  shippedUser,
  startRedis,
  versionOf,
} from '@sluice/testing';
import { openRedisStore, type RedisStore } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

const [major, minor] = versionOf('redis-server');
const skip =
  major > 7 || (major === 7 && minor >= 2) ? false : `redis-server ${major}.${minor} on the PATH has no WAITAOF`;
const SEEN_MS = 30_000;

interface Pair {
  readonly main: RedisServer;
  readonly replica: RedisServer;
  readonly store: RedisStore;
  readonly admin: ReturnType<typeof openAdmin>;
  append(): Promise<string>;
  /** How the main server answered a command so far. */
  answersTo(command: string): Promise<{ readonly calls: number; readonly refused: number }>;
}

async function startPair(t: TestContext, { user }: { readonly user?: string } = {}): Promise<Pair> {
  const shared = { appendOnly: true, ...(user !== undefined && { user }) };
  const quick = ['--repl-diskless-sync-delay', '0'];
  const main = await startRedis({ ...shared, args: quick });
  t.after(() => main.stop());
  const replica = await startRedis({ ...shared, args: ['--replicaof', '127.0.0.1', `${main.port}`, ...quick] });
  t.after(() => replica.stop());
  const store = openRedisStore({ url: main.url, role: 'intake', onError: () => {}, replicated: { vouched: false } });
  t.after(() => store.close());
  const admin = openAdmin(main);
  t.after(() => admin.disconnect());
  let sequence = 0;
  const append = async () => {
    const groups = [{ itemId: 'a', entries: makeEntries(1) }];
    return (await store.append(makePiece({ connectionId: 'disk', lane: 'disk', sequence: ++sequence, groups }))).status;
  };
  const answersTo = async (command: string) => {
    const line = new RegExp(`cmdstat_${command}:calls=(\\d+).*rejected_calls=(\\d+),failed_calls=(\\d+)`);
    const [, calls = 0, rejected = 0, failed = 0] = line.exec(await admin.info('commandstats')) ?? [];
    return { calls: Number(calls), refused: Number(rejected) + Number(failed) };
  };
  await eventually(async () => (await store.durability()) === 'replicated', {
    withinMs: SEEN_MS,
    what: 'the replica is there',
  });
  return { main, replica, store, admin, append, answersTo };
}

const until = (answer: string, { append }: Pair) =>
  eventually(async () => (await append()) === answer, { withinMs: SEEN_MS, what: `a piece is ${answer}` });

test('each promise of `replicated` was asked for, and the user that is shipped may ask', { skip }, async (t) => {
  const pair = await startPair(t);
  await until('appended', pair);
  const before = await pair.answersTo('waitaof');
  for (let n = 0; n < 20; n++) await until('appended', pair);
  const { calls, refused } = await pair.answersTo('waitaof');
  assert.ok(calls >= before.calls + 20, `${calls - before.calls} questions for 20 promises`);
  assert.equal(refused, 0);
});

test('a file that is switched off ends the promise at once, whatever was read of the settings before', {
  skip,
}, async (t) => {
  const pair = await startPair(t);
  await until('appended', pair);
  await pair.admin.config('SET', 'appendonly', 'no');
  for (let n = 0; n < 5; n++) assert.equal(await pair.append(), 'not-replicated');
  assert.ok((await pair.answersTo('waitaof')).refused >= 5, 'the server said so itself');
  await pair.admin.config('SET', 'appendonly', 'yes');
  await until('appended', pair);
});

test('a disk that is written to later than it was waited for promises nothing', { skip }, async (t) => {
  const pair = await startPair(t);
  await until('appended', pair);
  await pair.admin.config('SET', 'appendfsync', 'no');
  await until('not-replicated', pair);
  await pair.admin.config('SET', 'appendfsync', 'always');
  await until('appended', pair);
});

test('a replica that is stopped promises nothing, though the disk here has it; when it goes on it does', {
  skip,
}, async (t) => {
  const pair = await startPair(t);
  await until('appended', pair);
  pair.replica.pause();
  for (let n = 0; n < 5; n++) assert.equal(await pair.append(), 'not-replicated');
  assert.equal((await pair.answersTo('waitaof')).refused, 0);
  pair.replica.resume();
  await until('appended', pair);
});

test('to a user who may not ask, what the settings say is on disk and the replica decides', { skip }, async (t) => {
  const pair = await startPair(t, { user: shippedUser([7, 0]) });
  await until('appended', pair);
  for (let n = 0; n < 5; n++) await until('appended', pair);
  assert.deepEqual(
    await pair.answersTo('waitaof'),
    { calls: 0, refused: 1 },
    'it was refused once, and not asked again',
  );
  pair.replica.pause();
  for (let n = 0; n < 5; n++) assert.equal(await pair.append(), 'not-replicated');
  pair.replica.resume();
});
