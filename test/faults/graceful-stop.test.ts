/* SIGTERM under load: nothing lost, nothing doubled, exit 0. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 30 }, (_, n) => `item-${n}`);
const CONNECTION = 'stopped';

test('workers and intakes stopped in turn under load lose nothing, double nothing and exit 0', async () => {
  const system = await startSystem({ workers: 2, intakes: 2, behavior: { latencyMs: [50, 200] } });
  let going = true;
  try {
    const stopped = new Set<string>();
    const producer = startProducer(() =>
      system.intakes.map((intake) => intake.url!).filter((url) => !stopped.has(url)),
    );
    const statuses: number[] = [];
    const loops = Array.from({ length: 4 }, async () => {
      while (going) statuses.push(await producer.post({ connection: CONNECTION, items, count: 20 }));
    });
    const reach = (count: number) =>
      eventually(() => producer.acknowledged.length >= count, { withinMs: 20_000, what: `${count} acknowledged` });

    await reach(1000);
    const replacement = system.startWorker();
    assert.deepEqual(await system.workers[0]!.kill('SIGTERM'), { code: 0, signal: null }, 'the first worker');
    await replacement;
    await reach(2000);
    assert.deepEqual(await system.workers[1]!.kill('SIGTERM'), { code: 0, signal: null }, 'the second worker');
    await reach(3000);
    // As behind a load balancer: traffic is taken away first, what is on its way is answered.
    stopped.add(system.intakes[0]!.url!);
    assert.deepEqual(await system.intakes[0]!.kill('SIGTERM'), { code: 0, signal: null }, 'an intake');
    await reach(4000);
    going = false;
    await Promise.all(loops);
    assert.deepEqual(
      statuses.filter((status) => status !== 202),
      [],
      'no producer saw an error',
    );
    await drained(system, [CONNECTION], 60_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    going = false;
    await system.stop();
  }
});
