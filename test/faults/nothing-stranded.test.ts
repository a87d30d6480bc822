/*
  Everything in BullMQ may be lost. Timeline, 16 s: load on 20 connections all the time; every tenth wake-up of a worker is
  thrown away; every 3 s a worker is killed -9 and another started; every 2 s both queues are deleted from Redis.
  Then nobody posts any more, and all must be out within the bound.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { assertNothingInvented, drained, keyOf, readBooks } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const LINGER_MS = 100; // test/support/start-system.ts
const LEASE_MS = 6000;
const BOUND_MS = LINGER_MS + 1500 + LEASE_MS;
/** Of calls, and of a machine with two cores that starts a worker process every three seconds. */
const SLACK_MS = 1500;
const RUN_MS = 16_000;

test('nothing is stranded while wake-ups are lost, workers killed and queues emptied', async (t) => {
  const system = await startSystem({ workers: 3, workerFile: 'test/support/lossy-worker.ts' });
  const admin = openAdmin(system.redis);
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const connections = Array.from({ length: 20 }, (_, n) => `lossy${n}`);
    const acknowledgedAt = new Map<string, number>();
    const until = performance.now() + RUN_MS;

    const load = (async () => {
      for (let n = 0; performance.now() < until; n++) {
        const from = producer.acknowledged.length;
        await producer.post({ connection: connections[n % connections.length]!, items: [`a${n % 7}`, 'b'], count: 3 });
        for (const sent of producer.acknowledged.slice(from)) acknowledgedAt.set(keyOf(sent), Date.now());
        await pass(25);
      }
    })();
    const kills = (async () => {
      for (let n = 0; performance.now() < until - 3000; n++) {
        await pass(3000);
        await system.workers[n]!.kill('SIGKILL');
        await system.startWorker();
      }
    })();
    const emptied = (async () => {
      while (performance.now() < until - 1000) {
        await pass(2000);
        const keys = await admin.keys('{s0}:bull:*');
        if (keys.length > 0) await admin.del(...keys);
      }
    })();
    await Promise.all([load, kills, emptied]);
    await drained(system, connections, BOUND_MS + SLACK_MS + 5000);

    const books = await readBooks(system);
    const lost = producer.acknowledged.map(keyOf).filter((key) => !books.appended.has(key));
    assert.equal(lost.length, 0, `lost ${lost.length}`);
    assertNothingInvented(books, producer);
    const waits = books.lines.flatMap((line) => {
      const { type, startDateTime, performedBy } = line.activity;
      const key = keyOf({
        connection: line.connection,
        item: line.item,
        type,
        startDateTime,
        performer: performedBy.id,
      });
      const acknowledged = acknowledgedAt.get(key);
      return acknowledged === undefined ? [] : [Date.parse(line.at) - acknowledged];
    });
    waits.sort((a, b) => a - b);
    t.diagnostic(
      `${waits.length} activities; wait p50 ${waits[waits.length >> 1]} ms, longest ${waits.at(-1)} ms, bound ${BOUND_MS} ms`,
    );
    assert.ok(waits.at(-1)! <= BOUND_MS + SLACK_MS, `the longest wait was ${waits.at(-1)} ms`);
  } finally {
    admin.disconnect();
    await system.stop();
  }
});
