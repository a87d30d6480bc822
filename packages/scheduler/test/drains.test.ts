/* Drains and the sweep on a real Redis. A drain here takes as a worker would, and delivers nothing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRedisStore, queuePrefix, type RedisStore } from '@sluice/store';
import {
  ACK,
  eventually,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
  type RedisServer,
  startRedis,
} from '@sluice/testing';
import { type Drains, openWakeups, startDrains, type Wakeups } from '../src/index.ts';

let server: RedisServer;
let store: RedisStore;
/** For what no service may do. */
let admin: RedisStore;
const errors: Error[] = [];
const onError = (error: Error) => void errors.push(error);
before(async () => {
  server = await startRedis();
  store = openRedisStore({ url: server.url, role: 'worker', onError });
  admin = openRedisStore({ url: server.adminUrl, role: 'worker', onError });
});
after(async () => {
  await admin.close();
  await store.close();
  await server.stop();
});

interface Fleet {
  readonly wakeups: Wakeups;
  readonly drained: { readonly connectionId: string; readonly worker: number; readonly atMs: number }[];
  stop(): Promise<void>;
}

/** Workers whose drains empty a connection: take, settle, until refused. */
function startFleet(workers: number): Fleet {
  const wakeups = openWakeups({ store, onError });
  const drained: Fleet['drained'] = [];
  let lease = 0;
  const fleet: Drains[] = Array.from({ length: workers }, (_, worker) =>
    startDrains({
      store,
      wakeups,
      onError,
      drain: async (connectionId) => {
        drained.push({ connectionId, worker, atMs: await store.nowMs() });
        for (;;) {
          const leaseId = `${process.pid}-${connectionId}-${worker}-${lease++}`;
          const taken = await store.take(makeTake({ connectionId, leaseId, lingerMs: 200, intervalInitialUs: 100 }));
          if (taken.status === 'waiting') {
            if (taken.untilMs !== null) await wakeups.wake(connectionId, taken.untilMs);
            return;
          }
          const settlement = makeSettlement(taken.entries.map(() => ACK));
          await store.settle({ ...makeSettle({ connectionId, leaseId, epoch: taken.epoch }), settlement });
        }
      },
    }),
  );
  return {
    wakeups,
    drained,
    stop: async () => {
      await Promise.all(fleet.map((drains) => drains.stop()));
      await wakeups.close();
    },
  };
}

let sequence = 0;
async function append(connectionId: string, entries: number, wakeups: Wakeups | null): Promise<void> {
  sequence += 1;
  const groups = [{ itemId: 'a', entries: makeEntries(entries) }];
  const result = await store.append(makePiece({ connectionId, lane: 'drains', sequence, lingerMs: 200, groups }));
  assert.ok(result.status === 'appended');
  if (result.wakeAtMs !== null) await wakeups?.wake(connectionId, result.wakeAtMs);
}

const pending = async (connectionId: string) => (await store.connection(connectionId))?.pending;
const emptied = (connectionId: string, withinMs: number) =>
  eventually(async () => (await pending(connectionId)) === 0, { withinMs, what: `${connectionId} is empty` });

test('what was appended is drained after its linger, and a full item at once', async () => {
  const fleet = startFleet(1);
  try {
    await append('full', 20, fleet.wakeups);
    await append('lingers', 1, fleet.wakeups);
    await emptied('full', 2000);
    await emptied('lingers', 2000);
    const lingered = fleet.drained.find((drain) => drain.connectionId === 'lingers');
    assert.ok(lingered, 'a drain came');
  } finally {
    await fleet.stop();
  }
});

test('a wake-up that was never added is repaired by the sweep', async () => {
  const fleet = startFleet(1);
  try {
    await append('lost', 3, null);
    await emptied('lost', 3000);
  } finally {
    await fleet.stop();
  }
});

test('an emptied BullMQ strands nothing: not the wake-up, not the sweep', async () => {
  const fleet = startFleet(2);
  try {
    await append('before', 1, fleet.wakeups);
    await emptied('before', 3000);
    await append('emptied', 5, fleet.wakeups);
    const keys = await admin.redis.keys(`${queuePrefix()}:*`);
    assert.ok(keys.length > 0);
    await admin.redis.del(...keys);
    await emptied('emptied', 4000);
  } finally {
    await fleet.stop();
  }
});

test('a burst of wake-ups is a few drains, not one each', async () => {
  const fleet = startFleet(1);
  try {
    await append('burst', 1, null);
    await Promise.all(Array.from({ length: 200 }, () => fleet.wakeups.wake('burst', 0)));
    await emptied('burst', 3000);
    const drains = fleet.drained.filter((drain) => drain.connectionId === 'burst').length;
    assert.ok(drains < 100, `${drains} drains for 200 wake-ups`);
  } finally {
    await fleet.stop();
  }
});

test('a wake-up never throws when Redis is away', async () => {
  const away = openRedisStore({ url: 'redis://127.0.0.1:1', role: 'intake', onError: () => {} });
  const failures: Error[] = [];
  const wakeups = openWakeups({ store: away, onError: (error) => failures.push(error) });
  await wakeups.wake('hr', 0);
  assert.equal(failures.length > 0, true);
  await away.close();
});
