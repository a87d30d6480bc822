/* Conditional access in the middle of a day: tokens that were good are challenged for claims, by the emulator, over a whole system. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const CLAIMS = { access_token: { acrs: { essential: true, value: 'c1' } } };

test('a token that is challenged is asked for again with the claims, and nobody has to do anything', async () => {
  const system = await startSystem({ env: { GRAPH_CLAIMS_CHALLENGES: '1' } });
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const post = async (name: string) => {
      await producer.post({ connection: 'claimed', items: [name], count: 30 });
      await drained(system, ['claimed'], 60_000);
    };
    await post('before');
    const before = await system.emulator.stats();
    assert.equal(before.byStatus['401'] ?? 0, 0);
    await system.emulator.behave({ token: { claims: CLAIMS } });
    await post('after');
    await post('later');
    await assertDeliveredOnce(system, producer);
    const { byStatus } = await system.emulator.stats();
    assert.ok(byStatus['401']! >= 1, 'the emulator challenged');
    // One refusal for each worker that had a token; the new one is kept.
    assert.ok(byStatus['401']! <= system.workers.length, JSON.stringify(byStatus));
  } finally {
    await system.stop();
  }
});
