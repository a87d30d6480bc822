/*
  The two equations of the fleet's series, computed from what is scraped, after random faults: Graph that refuses, fails and
  loses answers, workers, intakes and Redis killed, replays, discards and erasures in the middle of it. Two consoles say the same.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, spawnService } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { consoleClient } from '../support/console-client.ts';
import { startProducer } from '../support/producer.ts';
import { assertEquations, scrape } from '../support/scrape.ts';
import { type System, startSystem } from '../support/start-system.ts';

const CONNECTIONS = ['first', 'second'];
const items = Array.from({ length: 12 }, (_, n) => `item-${n}`);
const SEED = 7;
const ROUNDS = 6;

/** The same faults for the same seed; when they hit is the machine's doing. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const MOODS: readonly Readonly<Record<string, unknown>>[] = [
  { shares: { 207: 0.5 }, entryError: { code: 'invalidRequest', message: 'this one never' } },
  { shares: { 207: 0.5 }, entryError: { code: 'serviceNotAvailable', message: 'later' } },
  { shares: { 500: 0.2, 503: 0.1, reset: 0.1, lost: 0.1 } },
  {},
];
const behave = (system: System, mood: Readonly<Record<string, unknown>>) =>
  system.emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 20], seed: SEED, ...mood });

/** Answers the report, also of one that was not over at once. */
async function erase(consoleUrl: string, performer: string) {
  const response = await fetch(`${consoleUrl}/api/v1/performers/${performer}`, { method: 'DELETE' });
  return (await response.json()) as { readonly erased: unknown };
}

/** After a Redis that was killed each process comes back in its own time. */
const ready = (url: string) =>
  eventually(
    async () => (await fetch(`${url}/health/ready`)).ok && (await scrape(url)).sum('sluice_append_entries_total') > 0,
    {
      withinMs: 30_000,
      what: 'the console sees Redis again',
    },
  );

test(`both equations hold at rest after random faults (seed ${SEED})`, async (t) => {
  const chance = seeded(SEED);
  const drawn = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  const system = await startSystem({
    workers: 2,
    env: { SLUICE_RETRY_ATTEMPTS_MAX: '3', SLUICE_UNKNOWN_POLICY: 'park', SLUICE_RETRY_CAP_MS: '200' },
  });
  const consoles = await Promise.all([0, 1].map(() => spawnService({ service: 'console', env: system.env })));
  const operator = consoleClient(consoles[0]!.url!);
  const producer = startProducer(() => [system.intakes.at(-1)!.url!], { resend: true });
  const faults: Readonly<Record<string, () => Promise<unknown>>> = {
    mood: () => behave(system, drawn(MOODS)),
    worker: async () => {
      await system.workers.at(-1)!.kill('SIGKILL');
      await system.startWorker();
    },
    intake: async () => {
      await system.intakes.at(-1)!.kill('SIGKILL');
      await system.startIntake();
    },
    redis: async () => {
      await system.redis.kill9();
      await system.redis.restart();
    },
    replay: () => operator.ask(`/api/v1/connections/${drawn(CONNECTIONS)}/dead-letters/replay`, { filter: {} }),
    erase: () => erase(consoles[0]!.url!, drawn(producer.acknowledged)?.performer ?? 'nobody'),
    discard: () =>
      operator.ask(`/api/v1/connections/${drawn(CONNECTIONS)}/dead-letters/discard`, { filter: { state: 'dead' } }),
  };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const posts = CONNECTIONS.map((connection) => producer.post({ connection, items, count: 400 }));
      const fault = drawn(Object.keys(faults));
      t.diagnostic(`round ${round + 1}: mood, ${fault}`);
      await faults['mood']!();
      await faults[fault]!();
      await Promise.all(posts);
    }
    // Whatever was drawn: ends of every kind, and both ways out of them.
    await behave(system, MOODS[0]!);
    for (const connection of CONNECTIONS) await producer.post({ connection, items, count: 400 });
    await drained(system, CONNECTIONS, 60_000);
    await Promise.all(consoles.map(({ url }) => ready(url!)));
    await operator.ask('/api/v1/connections/first/dead-letters/discard', { filter: { itemId: 'item-5' } });
    const [letter] = await operator.list('first');
    const { erased } = await erase(consoles[0]!.url!, letter!.activity.performedBy.id);
    assert.deepEqual(
      erased,
      letter!.state === 'dead' ? { pending: 0, dead: 1, parked: 0 } : { pending: 0, dead: 0, parked: 1 },
    );
    await operator.ask('/api/v1/connections/first/dead-letters/replay', { filter: {} });
    await behave(system, {});
    await drained(system, CONNECTIONS, 60_000);

    const scraped = await Promise.all(consoles.map((one) => scrape(one.url!)));
    for (const connection of CONNECTIONS) for (const one of scraped) assertEquations(one, connection);
    const fleet = (one: (typeof scraped)[number]) =>
      one.samples.filter(({ labels }) => 'connection' in labels).map((sample) => JSON.stringify(sample));
    assert.deepEqual(fleet(scraped[0]!), fleet(scraped[1]!), 'two consoles say the same of the fleet');
    const of = (name: string) => scraped[0]!.sum(`sluice_${name}`);
    assert.equal(of('append_entries_total'), producer.acknowledged.length);
    assert.ok(scraped[0]!.sum('sluice_removed_entries_total', { reason: 'erased' }) > 0);
    for (const name of ['replayed_entries_total', 'removed_entries_total', 'dead_letters']) {
      assert.ok(of(name) > 0, `${name} is not 0, so that the equations say something`);
    }
    assert.deepEqual(producer.doubtful, []);
  } finally {
    await Promise.all(consoles.map((one) => one.kill('SIGKILL')));
    await system.stop();
  }
});
