/* kill -9 of each process under load: nothing is lost, and every duplicate is explained by a call whose outcome nobody knows. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { eventually } from '@sluice/testing';
import {
  assertDeliveredOnce,
  assertNothingInvented,
  drained,
  keyOf,
  openStore,
  readBooks,
} from '../support/conservation.ts';
import { type Producer, startProducer } from '../support/producer.ts';
import { scrape } from '../support/scrape.ts';
import { type System, startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 30 }, (_, n) => `item-${n}`);
const CONNECTION = 'killed';

/** Posts until told to stop; answers a function that stops and waits. */
/** Producers of a test that failed half-way must not go on. */
const running = new Set<() => void>();
afterEach(() => {
  for (const stop of running) stop();
  running.clear();
});

function produce(producer: Producer, { parallel = 4, count = 50 } = {}): () => Promise<void> {
  let going = true;
  running.add(() => {
    going = false;
  });
  const loops = Array.from({ length: parallel }, async () => {
    while (going) {
      const status = await producer.post({ connection: CONNECTION, items, count });
      // Nobody answers: give whoever is starting the processor, rather than filling the log of failures.
      if (status !== 202) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return async () => {
    going = false;
    await Promise.all(loops);
  };
}

const acknowledged = (producer: Producer, atLeast: number) =>
  eventually(() => producer.acknowledged.length >= atLeast, {
    withinMs: 20_000,
    what: `${atLeast} activities are acknowledged`,
  });

async function assertNothingLost(system: System, producer: Producer) {
  const books = await readBooks(system);
  const lost = producer.acknowledged.map(keyOf).filter((key) => !books.appended.has(key));
  assert.equal(lost.length, 0, `lost ${lost.length} of ${producer.acknowledged.length}, e.g. ${lost[0]}`);
  assertNothingInvented(books, producer);
  return books;
}

test('a worker killed in the middle of its calls is taken over; duplicates are only of the calls it never settled', async () => {
  // Few calls a worker, so that both have some in flight whichever of them is killed.
  const env = { SLUICE_WORKER_CALLS_MAX: '5', SLUICE_CALL_TIMEOUT_MS: '1000' };
  const system = await startSystem({ workers: 2, env, behavior: { latencyMs: [100, 300] } });
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const stop = produce(producer);
    await acknowledged(producer, 4000);
    // A worker that came late on a busy machine has no calls yet, and its end would show nothing.
    await eventually(async () => (await scrape(system.workers[0]!.url!)).sum('sluice_deliver_calls_total') > 0, {
      withinMs: 60_000,
      what: 'the worker that is to be killed makes calls',
    });
    await system.workers[0]!.kill('SIGKILL');
    await acknowledged(producer, 8000);
    await stop();
    await drained(system, [CONNECTION], 60_000);
    const books = await assertNothingLost(system, producer);
    const store = openStore(system);
    const unknown = (await store.connection(CONNECTION))?.unknown ?? 0;
    await store.close();
    const extra = books.lines.length - books.appended.size;
    assert.ok(extra <= unknown, `${extra} duplicates, but only ${unknown} entries were of unknown outcome`);
    assert.ok(unknown > 0, 'the kill hit calls in flight');
  } finally {
    await system.stop();
  }
});

test('all workers killed together: the next one goes on with what was pending', async () => {
  const system = await startSystem({ workers: 2 });
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    await Promise.all(system.workers.map((worker) => worker.kill('SIGKILL')));
    for (let round = 0; round < 5; round++) await producer.post({ connection: CONNECTION, items, count: 300 });
    await system.startWorker();
    await drained(system, [CONNECTION], 60_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    await system.stop();
  }
});

test('an intake killed under load loses nothing it acknowledged and doubles nothing', async () => {
  const system = await startSystem({ workers: 1, intakes: 2 });
  try {
    const producer = startProducer(() =>
      system.intakes.filter((intake) => intake.url !== null).map((intake) => intake.url!),
    );
    const stop = produce(producer);
    await acknowledged(producer, 2000);
    await system.intakes[0]!.kill('SIGKILL');
    await acknowledged(producer, 5000);
    await stop();
    await drained(system, [CONNECTION], 60_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    await system.stop();
  }
});

test('Redis killed and started again: what was acknowledged survives, and nothing is sent twice', async () => {
  const system = await startSystem({ workers: 2, behavior: { latencyMs: [10, 30] } });
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const stop = produce(producer, { parallel: 2 });
    for (let kill = 1; kill <= 3; kill++) {
      await acknowledged(producer, kill * 1500);
      await system.redis.kill9();
      await system.redis.restart();
    }
    await acknowledged(producer, 6000);
    await stop();
    await drained(system, [CONNECTION], 60_000);
    const books = await assertNothingLost(system, producer);
    // Calls in flight at the kill are settled afterwards, with the verdict that was read.
    assert.deepEqual(books.duplicates, []);
  } finally {
    await system.stop();
  }
});

test('a producer that sends again whatever got no answer doubles nothing, while intakes are killed one after another', async () => {
  const system = await startSystem({ workers: 1, intakes: 2 });
  try {
    const alive = () => system.intakes.slice(-2).map((intake) => intake.url!);
    const producer = startProducer(alive, { resend: true });
    const stop = produce(producer, { parallel: 6, count: 100 });
    for (let kill = 1; kill <= 3; kill++) {
      await acknowledged(producer, kill * 3000);
      const victim = system.intakes.at(-2)!;
      await victim.kill('SIGKILL');
      await system.startIntake();
    }
    await acknowledged(producer, 12_000);
    await stop();
    assert.deepEqual(producer.doubtful, [], 'every request got its 202 in the end');
    await drained(system, [CONNECTION], 60_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    await system.stop();
  }
});
