/* ioredis sends again what it saw no reply to. Each write is carried out, its reply is cut, and it is sent again: nothing may happen twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  makeDeadLetter,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
  type RedisServer,
  startCuttingProxy,
  startRedis,
} from '@sluice/testing';
import { openRedisStore } from '../src/index.ts';

let redis: RedisServer;
before(async () => {
  redis = await startRedis();
});
after(() => redis.stop());

async function withProxy(connectionId: string, run: (tools: Tools) => Promise<void>): Promise<void> {
  const proxy = await startCuttingProxy({ port: redis.port });
  const store = openRedisStore({
    url: redis.url.replace(`${redis.port}`, `${proxy.port}`),
    role: 'worker',
    onError: () => {},
  });
  const cut = async <T>(text: string, act: () => Promise<T>): Promise<T> => {
    // Each script runs once before, so that the cut command is the one with the arguments.
    const cutting = proxy.cutReplyTo(text);
    const result = await act();
    await cutting;
    return result;
  };
  try {
    await run({ store, cut, connectionId });
  } finally {
    await store.close();
    await proxy.stop();
  }
}
interface Tools {
  readonly store: ReturnType<typeof openRedisStore>;
  readonly cut: <T>(text: string, act: () => Promise<T>) => Promise<T>;
  readonly connectionId: string;
}

test('an append whose reply was lost is stored once and answered as the first time', () =>
  withProxy('appendLost', async ({ store, cut, connectionId }) => {
    const piece = makePiece({ connectionId, lane: 'cut-append', groups: [{ itemId: 'a', entries: makeEntries(7) }] });
    const result = await cut('cut-append', () => store.append(piece));
    assert.equal(result.status, 'again');
    assert.equal(result.status === 'again' && result.appended, 7);
    assert.equal((await store.connection(connectionId))?.pending, 7);
  }));

test('a take whose reply was lost leases one batch and answers it', () =>
  withProxy('takeLost', async ({ store, cut, connectionId }) => {
    await store.append(
      makePiece({ connectionId, lane: 'take', lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(45) }] }),
    );
    const taken = await cut('cut-lease', () =>
      store.take(makeTake({ connectionId, leaseId: 'cut-lease', lingerMs: 0 })),
    );
    assert.equal(taken.status, 'leased');
    assert.equal(taken.status === 'leased' && taken.why, 'again');
    const view = await store.connection(connectionId);
    assert.equal(view?.leased, 20);
    assert.equal(view?.bucket?.granted, 1);
  }));

test('a settlement whose reply was lost counts once', () =>
  withProxy('settleLost', async ({ store, cut, connectionId }) => {
    await store.append(
      makePiece({ connectionId, lane: 'settle', lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(3) }] }),
    );
    const lease = await store.take(makeTake({ connectionId, leaseId: 'cut-settle', lingerMs: 0 }));
    assert.ok(lease.status === 'leased');
    const settlement = {
      entries: [
        { kind: 'ack' as const },
        { kind: 'requeue' as const, delayMs: 5, counted: true, group: 0 },
        { kind: 'deadLetter' as const, code: 'bad', message: 'bad', requestId: null },
      ],
      call: {
        quota: 'refused' as const,
        closeMs: 100,
        failed: null,
        block: null,
        target: null,
        groupsWhole: false,
        unknown: null,
      },
    };
    const request = { ...makeSettle({ connectionId, leaseId: 'cut-settle', epoch: lease.epoch }), settlement };
    assert.equal((await cut('cut-settle', () => store.settle(request))).status, 'again');
    const view = await store.connection(connectionId);
    assert.deepEqual(
      {
        pending: view?.pending,
        delivered: view?.delivered,
        dead: view?.dead,
        deadLetters: view?.deadLetters,
        epoch: view?.bucket?.epoch,
      },
      { pending: 1, delivered: 1, dead: 1, deadLetters: 1, epoch: 1 },
    );
  }));

test('a learning whose reply was lost raises the version once', () =>
  withProxy('learnLost', async ({ store, cut, connectionId }) => {
    await store.append(
      makePiece({ connectionId, lane: 'learn', lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(1) }] }),
    );
    await store.take(makeTake({ connectionId, leaseId: 'any', lingerMs: 0 }));
    const learning = { memory: 'cut-memory', intervalUs: 1234, learnAtMs: 0, closedUntilMs: 0 };
    await cut('cut-memory', () => store.learn(connectionId, 0, learning));
    const bucket = (await store.connection(connectionId))?.bucket;
    assert.deepEqual([bucket?.version, bucket?.intervalUs], [1, 1234]);
  }));

test('a replay whose reply was lost replays each entry once', () =>
  withProxy('replayLost', async ({ store, cut, connectionId }) => {
    await store.append(
      makePiece({ connectionId, lane: 'replay', lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(3) }] }),
    );
    const lease = await store.take(makeTake({ connectionId, leaseId: 'dead', lingerMs: 0 }));
    assert.ok(lease.status === 'leased');
    const settlement = makeSettlement(lease.entries.map(() => makeDeadLetter()));
    await store.settle({ ...makeSettle({ connectionId, leaseId: 'dead', epoch: 0 }), settlement });
    const filter = { code: 'badRequest' };
    const bounds = { lookedAtMax: 500, chosenMax: 500, pendingMax: 100, deadLettersMax: 100, entriesMax: 20 };
    const request = { connectionId, ...bounds, choice: { filter, cursor: null } };
    const again = await cut('badRequest', () => store.replay(request));
    assert.ok('done' in again && again.done === 0, 'the second sending finds none');
    const view = await store.connection(connectionId);
    assert.deepEqual([view?.pending, view?.replayed, view?.deadLetters], [3, 3, 0]);
  }));
