/*
  Everything at once, by chance: two intakes killed -9 in turn, Redis killed -9 (every write on disk), and clients that hang up in the
  middle of streams, do not read their answers, and send again what they saw no answer to. Read from the emulator's ledger: nothing
  acknowledged is missing, nothing is there twice.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, randomFrom } from '@sluice/testing';
import { assertDeliveredOnce, drained, readBooks } from '../support/conservation.ts';
import type { Producer } from '../support/producer.ts';
import { startRestless, WAYS, type Way } from '../support/restless-sender.ts';
import { startSystem } from '../support/start-system.ts';

const SEED = 20_261_124;
const SENDERS = 6;
const TROUBLES = 8;
const CONNECTIONS = ['trouble1', 'trouble2', 'trouble3'];
const withinMs = 120_000;

test(`whatever is cut, killed and sent again: what was acknowledged is in Graph, once (seed ${SEED})`, async (t) => {
  const random = randomFrom(SEED);
  // A worker that cannot say for a while what became of its calls still says it in time, whatever else the machine does.
  const env = { SLUICE_DEDUPE: 'id', SLUICE_INFLIGHT_MAX: '50', SLUICE_LEASE_MS: '30000' };
  const system = await startSystem({ workers: 1, intakes: 2, env });
  const restless = startRestless();
  const { counts } = restless;
  let going = true;
  try {
    const urlOf = () => random.oneOf(system.intakes.slice(-3)).url!;
    const way = (): Way => ({
      connection: random.oneOf(CONNECTIONS),
      path: random.oneOf(WAYS),
      sameBy: random.oneOf(['key', 'id'] as const),
      zipped: random.chance(0.5),
    });
    const share = () => random.below(1000) / 1000;
    const fate = () => ({ cutAt: random.oneOf([[], [], [1], [share()], [share(), 1], [share(), share(), share()]]) });
    const senders = Array.from({ length: SENDERS }, async () => {
      while (going) await restless.send(urlOf, way(), fate());
    });
    // One that fails is told at the end; meanwhile it must not be unhandled.
    for (const sender of senders) sender.catch(() => {});
    const more = (bodies: number) => {
      const until = counts.bodies + bodies;
      return eventually(() => counts.bodies >= until, { withinMs, what: `${bodies} more bodies are taken` });
    };
    for (let trouble = 0; trouble < TROUBLES; trouble++) {
      await more(3);
      if (trouble % 4 === 3) {
        await system.redis.kill9();
        await system.redis.restart();
      } else {
        const victim = system.intakes.at(-2)!;
        await system.startIntake();
        await victim.kill('SIGKILL');
      }
    }
    await more(SENDERS);
    going = false;
    await Promise.all(senders);
    t.diagnostic(JSON.stringify({ ...counts, activities: restless.acknowledged.length }));
    assert.ok(counts.cut > 0 && counts.unanswered > 0 && counts.duplicates > 0, 'the troubles hit requests');
    await drained(system, CONNECTIONS, withinMs);
    const { lines } = await readBooks(system);
    assert.equal(lines.length, restless.acknowledged.length, 'as many as were acknowledged');
    await assertDeliveredOnce(system, { acknowledged: restless.acknowledged, doubtful: [] } as unknown as Producer);
  } finally {
    going = false;
    await system.stop();
  }
});
