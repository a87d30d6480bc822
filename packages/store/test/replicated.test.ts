/* `replicated` with a real replica: stopped, killed and promoted under load. What was confirmed is there. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually, makeEntries, makePiece, type RedisServer, startRedis } from '@sluice/testing';
import { openRedisStore, type RedisStore } from '../src/index.ts';
import { openAdmin } from './support/open-admin.ts';

let main: RedisServer;
let replica: RedisServer;
let store: RedisStore;
let sequence = 0;
/** Senders of a test that failed half-way must not go on. */
let going = false;

const replicaOf = (port: number) => ['--replicaof', '127.0.0.1', String(port), '--repl-diskless-sync-delay', '0'];

beforeEach(async () => {
  main = await startRedis({ appendOnly: true, args: ['--repl-diskless-sync-delay', '0'] });
  replica = await startRedis({ appendOnly: true, args: replicaOf(main.port) });
  store = openRedisStore({ url: main.url, role: 'intake', onError: () => {}, replicated: { vouched: false } });
  await eventually(async () => (await store.durability()) === 'replicated', {
    withinMs: 30_000,
    what: 'the replica is there',
  });
});

afterEach(async () => {
  going = false;
  await store.close();
  await replica.stop();
  await main.stop();
});

function piece(connectionId: string, itemId = 'a') {
  return makePiece({ connectionId, lane: 'lane', sequence: ++sequence, groups: [{ itemId, entries: makeEntries(1) }] });
}

async function pendingOn(server: RedisServer, connectionId: string): Promise<number> {
  const other = openRedisStore({ url: server.url, role: 'worker', onError: () => {} });
  try {
    return (await other.connection(connectionId))?.pending ?? 0;
  } finally {
    await other.close();
  }
}

test('appended says that the replica has it', async () => {
  for (let n = 1; n <= 20; n++) {
    const one = piece('both');
    // On a busy machine a replica may be late; then it is asked for again.
    await eventually(async () => (await store.append(one)).status !== 'not-replicated', {
      withinMs: 20_000,
      what: 'it is replicated',
    });
    assert.equal(await pendingOn(replica, 'both'), n);
  }
});

test('a replica that is stopped: stored, but not replicated; when it goes on, the same piece again is', async () => {
  await store.append(piece('stopped'));
  replica.pause();
  const late = piece('stopped');
  const result = await store.append(late);
  assert.equal(result.status, 'not-replicated');
  assert.equal(result.status === 'not-replicated' && result.stored.status, 'appended');
  assert.equal(await pendingOn(main, 'stopped'), 2);
  replica.resume();
  await eventually(async () => (await store.append(late)).status === 'again', {
    withinMs: 20_000,
    what: 'the replica has it',
  });
  assert.equal(await pendingOn(replica, 'stopped'), 2);
});

test('a replica that is killed: nothing is replicated, and Redis says so; another one takes its place', async () => {
  await replica.kill9();
  assert.equal((await store.append(piece('killed'))).status, 'not-replicated');
  await eventually(async () => (await store.durability()) === 'fsync', { withinMs: 20_000, what: 'it is missed' });
  await replica.restart();
  await eventually(async () => (await store.durability()) === 'replicated', { withinMs: 30_000, what: 'it is back' });
  await eventually(async () => (await store.append(piece('killed'))).status === 'appended', {
    withinMs: 20_000,
    what: 'something is replicated again',
  });
});

test('the replica stops under load, the main server is killed, the replica is promoted: all that was confirmed is there', async () => {
  const confirmed = new Set<string>();
  let [doubtful, number] = [0, 0];
  going = true;
  const loops = Array.from({ length: 20 }, async () => {
    while (going) {
      const itemId = `item-${++number}`;
      const result = await store.append(piece('load', itemId)).catch(() => null);
      if (result?.status === 'appended' || result?.status === 'again') confirmed.add(itemId);
      else doubtful++;
    }
  });
  const more = (count: number) => {
    const from = confirmed.size;
    return eventually(() => confirmed.size > from + count, { withinMs: 30_000, what: `${count} more are confirmed` });
  };
  await more(500);
  replica.pause();
  await eventually(() => doubtful > 20, { withinMs: 30_000, what: 'some are not confirmed' });
  const whileStopped = confirmed.size;
  replica.resume();
  await more(500);
  replica.pause();
  await eventually(() => doubtful > 60, { withinMs: 30_000, what: 'more are not confirmed' });
  going = false;
  await main.kill9();
  await Promise.all(loops);
  replica.resume();
  assert.ok(whileStopped < confirmed.size);

  const promoted = openAdmin(replica);
  await promoted.call('REPLICAOF', 'NO', 'ONE');
  const there = new Set((await promoted.keys('*:i:item-*')).map((key) => key.slice(key.lastIndexOf(':') + 1)));
  promoted.disconnect();
  const lost = [...confirmed].filter((itemId) => !there.has(itemId));
  assert.deepEqual(lost, [], `${lost.length} of ${confirmed.size} confirmed ones are lost`);
});
