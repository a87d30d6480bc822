/*
  100,000 dead letters, replayed and discarded as an operator does it: through the console, page by page, and by two people at
  the same time. Exits 1 unless each is delivered exactly once, or is gone exactly once.
    node bench/dead-letters/main.ts [--quick | --brief] [--count=N]
*/
import { strict as assert } from 'node:assert';
import { parseArgs } from 'node:util';
import { openRedisStore, type RedisStore, SHARD_TAG } from '@sluice/store';
import { eventually, type Service, spawnService } from '@sluice/testing';
import { type ConsoleClient, consoleClient } from '../../test/support/console-client.ts';
import { type System, startSystem } from '../../test/support/start-system.ts';
import { settleLeases, takeLeases } from '../redis/walk-store.ts';
import { fillBacklog } from '../support/fill-backlog.ts';
import { say } from '../support/progress.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    count: { type: 'string' },
  },
});
const COUNT = Number(values.count ?? (values.quick ? 10_000 : values.brief ? 30_000 : 100_000));
const ITEMS = 500;
const LEASES_A_ROUND = 500;
const SAID_EVERY = 20_000;
const DEAD = { kind: 'deadLetter', code: 'invalidRequest', message: 'refused for itself', requestId: 'r-1' } as const;
/** Nobody is called while dead letters are made; the first rate is one that the emulator can take. */
const ENV = { SLUICE_LINGER_MS: '0', SLUICE_RATE_INITIAL: '500', SLUICE_INFLIGHT_MAX: '50' };
const DELIVERED_WITHIN_MS = 300_000;

interface Bench {
  readonly system: System;
  readonly store: RedisStore;
  readonly operator: ConsoleClient;
}

interface Told {
  readonly what: string;
  readonly seconds: number;
  readonly requests: number;
}

async function makeDeadLetters({ store }: Bench, connectionId: string): Promise<void> {
  await fillBacklog({ store, connectionId, shardTag: SHARD_TAG, activities: COUNT, items: ITEMS });
  for (;;) {
    const leases = await takeLeases(store, connectionId, LEASES_A_ROUND);
    if (leases.length === 0) break;
    await settleLeases(store, connectionId, leases, DEAD);
  }
  const view = await store.connection(connectionId);
  assert.deepEqual([view?.deadLetters, view?.pending], [COUNT, 0]);
}

/** Two operators ask for the same at the same time, each going on from its own `next`. */
async function changeTwice({ operator }: Bench, connectionId: string, action: 'replay' | 'discard'): Promise<Told> {
  const begunMs = performance.now();
  let saidAt = 0;
  const tell = (who: string) => (done: number) => {
    if (done - saidAt < SAID_EVERY) return;
    saidAt = done;
    say(`  ${action}: ${who} has done ${done} of ${COUNT}`);
  };
  const both = await Promise.all(
    ['one', 'the other'].map((who) => operator.change(connectionId, action, { state: 'dead' }, tell(who))),
  );
  const done = both.reduce((sum, one) => sum + one.done, 0);
  assert.equal(done, COUNT, `${action}: ${done} were changed, not ${COUNT}`);
  assert.equal((await operator.change(connectionId, action, {})).done, 0, 'asked once more, nothing is done');
  const requests = both.reduce((sum, one) => sum + one.requests, 0);
  return { what: action, seconds: (performance.now() - begunMs) / 1000, requests };
}

async function deliver({ system, store }: Bench, connectionId: string): Promise<Told> {
  const begunMs = performance.now();
  await Promise.all([system.startWorker(), system.startWorker()]);
  await eventually(async () => (await store.connection(connectionId))?.pending === 0, {
    withinMs: DELIVERED_WITHIN_MS,
    what: 'everything that was replayed is delivered',
  });
  const seconds = (performance.now() - begunMs) / 1000;
  const lines = (await system.emulator.ledger()).filter(({ connection }) => connection === connectionId);
  const once = new Set(lines.map(({ item, activity }) => `${item} ${activity.type} ${activity.startDateTime}`));
  assert.deepEqual([lines.length, once.size], [COUNT, COUNT], 'each is in the ledger exactly once');
  return { what: 'delivered by two workers', seconds, requests: (await system.emulator.stats()).calls };
}

async function run(bench: Bench): Promise<readonly Told[]> {
  const told: Told[] = [];
  say(`${COUNT} dead letters are made`);
  await makeDeadLetters(bench, 'replayed');
  await makeDeadLetters(bench, 'discarded');
  told.push(await changeTwice(bench, 'replayed', 'replay'));
  told.push(await changeTwice(bench, 'discarded', 'discard'));
  say('  workers start');
  told.push(await deliver(bench, 'replayed'));
  const [replayed, discarded] = await Promise.all([
    bench.store.connection('replayed'),
    bench.store.connection('discarded'),
  ]);
  assert.deepEqual([replayed?.replayed, replayed?.delivered, replayed?.deadLetters], [COUNT, COUNT, 0]);
  assert.deepEqual([discarded?.discardedDead, discarded?.deadLetters, discarded?.pending], [COUNT, 0, 0]);
  const stats = await bench.system.emulator.stats();
  assert.equal(stats.activities, COUNT, 'what was discarded was never sent');
  return told;
}

async function main(): Promise<void> {
  const system = await startSystem({ workers: 0, intakes: 0, env: ENV });
  const store = openRedisStore({ url: system.redis.url, role: 'worker', onError: () => {} });
  let service: Service | null = null;
  try {
    service = await spawnService({ service: 'console', env: system.env });
    const told = await run({ system, store, operator: consoleClient(service.url!) });
    process.stdout.write(
      `\n${COUNT.toLocaleString('en-US')} dead letters, each exactly once, asked for twice at the same time\n\n`,
    );
    for (const { what, seconds, requests } of told) {
      const perSecond = Math.round(COUNT / seconds).toLocaleString('en-US');
      process.stdout.write(
        `  ${what.padEnd(26)}${seconds.toFixed(1).padStart(7)} s  ${perSecond.padStart(8)}/s  ${requests} requests\n`,
      );
    }
  } finally {
    await service?.kill('SIGKILL');
    await store.close();
    await system.stop();
  }
}

await main();
