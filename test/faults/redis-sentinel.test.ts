/* A Redis that Sentinels watch: it is killed, the replica is promoted, and everything goes on there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained, openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { caughtUp, startWatchedPair } from '../support/redis-fleet.ts';
import { startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 40 }, (_, n) => `item-${n}`);

test('the server that Sentinels name is killed, and intake and workers go on with the one they name then', async (t) => {
  const pair = await startWatchedPair();
  t.after(() => pair.stop());
  const system = await startSystem({ redisElsewhere: pair });
  t.after(() => system.stop());
  const store = openStore(system);
  t.after(() => store.close());
  const producer = startProducer(() => [system.intakes[0]!.url!], { resend: true });
  for (let round = 0; round < 10; round++) {
    assert.equal(await producer.post({ connection: 'watched', items, count: 200 }), 202);
  }
  // Paused, so that something is left to go on with, and nothing is written after the replica has everything.
  await store.pause('watched');
  await producer.post({ connection: 'watched', items, count: 200 });
  await eventually(async () => (await store.connection('watched'))?.leases === 0, {
    withinMs: 30_000,
    what: 'no call is in flight',
  });
  await caughtUp(pair.first, pair.second);
  assert.equal(await pair.namedPort(), pair.first.port);
  await pair.first.kill9();
  await eventually(async () => (await pair.namedPort()) === pair.second.port, {
    withinMs: 60_000,
    what: 'the Sentinels name the other one',
  });
  for (let round = 0; round < 5; round++) {
    assert.equal(await producer.post({ connection: 'watched', items, count: 200 }), 202);
  }
  await eventually(
    () =>
      store.resume('watched').then(
        () => true,
        () => false,
      ),
    { withinMs: 30_000, what: 'it is resumed' },
  );
  await drained(system, ['watched'], 120_000);
  const books = await assertDeliveredOnce(system, producer);
  assert.equal(books.lines.length, 3200);
});
