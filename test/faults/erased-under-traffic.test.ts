/*
  A person is erased in the middle of traffic, while the console that does it is killed and workers and Redis are as well. At the end:
  nothing of the person is in Redis, both equations hold, and each of the person's activities was delivered or erased, none lost.

  Timeline: traffic of everybody with calls that fail in every way → the source of one person is stopped → erasure asked → console killed
  → worker killed → another console is asked → traffic of the others goes on to the end.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, spawnService } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { drained, openStore, readBooks } from '../support/conservation.ts';
import { runSluice } from '../support/run-sluice.ts';
import { assertEquations, scrape } from '../support/scrape.ts';
import { type System, startSystem } from '../support/start-system.ts';

const CONNECTIONS = ['first', 'second'];
const PERSON = '4B9b7f0c-5f2a-4a39-9c1e-0d8a5d3e7a11';
const OTHER = '00000000-5f2a-4a39-9c1e-0d8a5d3e7a12';
const ITEMS = 40;
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** Every value in Redis, as text. */
async function everythingKept(system: System): Promise<string> {
  const redis = openAdmin(system.redis);
  const texts: string[] = [];
  try {
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      if (type === 'string') texts.push((await redis.get(key)) ?? '');
      else if (type === 'list') texts.push(...(await redis.lrange(key, 0, -1)));
      else if (type === 'hash') texts.push(...Object.entries(await redis.hgetall(key)).flat());
      else if (type === 'set') texts.push(...(await redis.smembers(key)));
      else if (type === 'zset') texts.push(...(await redis.zrange(key, '0', '-1')));
      else texts.push(...(await redis.xrange(key, '-', '+')).flat(2));
    }
  } finally {
    redis.disconnect();
  }
  return texts.join('\n').toLowerCase();
}

function startSource(system: System) {
  let made = 0;
  const accepted = { [PERSON]: 0, [OTHER]: 0 };
  return {
    accepted,
    /** With ids, so that a request without an answer is sent again and taken once. */
    async post(connection: string, performers: readonly (keyof typeof accepted)[], count: number): Promise<void> {
      const activities = Array.from({ length: count }, () => {
        made += 1;
        const performer = performers[made % performers.length]!;
        const id = made % 3 === 0 ? performer : performer.toUpperCase();
        const startDateTime = new Date(BEGIN_MS + made).toISOString();
        return {
          id: `activity ${made}`,
          itemId: `item-${made % ITEMS}`,
          type: 'modified',
          startDateTime,
          performedBy: { type: 'user', id },
        };
      });
      await eventually(
        async () => {
          const response = await fetch(`${system.intakes[0]!.url}/v1/connections/${connection}/activities`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ activities }),
          });
          return response.status === 202;
        },
        { withinMs: 60_000, what: 'the activities are accepted' },
      );
      for (const { performedBy } of activities) {
        const who = performedBy.id.toLowerCase() === PERSON.toLowerCase() ? PERSON : OTHER;
        accepted[who] += 1;
      }
    },
  };
}

/** Looked at as often as Redis answers: the console is to be killed in the middle of its walk. */
async function beganToErase(system: System): Promise<void> {
  const store = openStore(system);
  try {
    const endsMs = performance.now() + 60_000;
    while (((await store.connection(CONNECTIONS[0]!))?.erasedPending ?? 0) === 0) {
      assert.ok(performance.now() < endsMs, 'the erasure began');
    }
  } finally {
    await store.close();
  }
}

test('a person who is erased under load is in nothing that is kept, and everything is accounted for', async (t) => {
  const system = await startSystem({
    workers: 2,
    env: {
      SLUICE_RETRY_ATTEMPTS_MAX: '3',
      SLUICE_UNKNOWN_POLICY: 'park',
      SLUICE_RATE_INITIAL: '20',
      SLUICE_RATE_MAX: '20',
    },
    behavior: {
      latencyMs: [50, 300],
      seed: 3,
      shares: { 207: 0.4, 500: 0.05, lost: 0.05 },
      entryError: { code: 'invalidRequest', message: `no place for ${PERSON}` },
    },
  });
  const startConsole = () => spawnService({ service: 'console', env: system.env });
  const consoles = [await startConsole()];
  const source = startSource(system);
  let going = true;
  try {
    for (let n = 0; n < 16; n++) {
      for (const connection of CONNECTIONS) await source.post(connection, [PERSON, OTHER], 500);
    }
    const others = Promise.all(
      CONNECTIONS.map(async (connection) => {
        while (going) {
          await source.post(connection, [OTHER], 20);
          // Slower than it is delivered, so that what is left at the end is soon done.
          await sleep(200);
        }
      }),
    );
    const kept = async () => (await scrape(consoles[0]!.url!)).sum('sluice_dead_letters');
    await eventually(async () => (await kept()) > 20, { withinMs: 60_000, what: 'some are dead letters' });

    const path = `/api/v1/performers/${PERSON.toLowerCase()}`;
    const second = await startConsole();
    consoles.push(second);
    const first = fetch(`${consoles[0]!.url}${path}`, { method: 'DELETE' }).then(
      ({ status }) => status,
      () => 0,
    );
    await beganToErase(system);
    await consoles[0]!.kill('SIGKILL');
    await system.workers[0]!.kill('SIGKILL');
    await system.startWorker();
    t.diagnostic(`the first console was killed after it had answered ${await first} (0: before)`);

    const erased = await runSluice(['erase', PERSON.toUpperCase(), '--json'], { SLUICE_CONSOLE_URL: second.url! });
    assert.equal(erased.code, 0, erased.err);
    const report = JSON.parse(erased.out);
    t.diagnostic(`the second run: ${erased.out.trim()}`);
    assert.deepEqual([report.state, report.connectionsDone, report.inFlight], ['finished', 2, 0]);
    assert.ok(!(await everythingKept(system)).includes(PERSON.toLowerCase()), 'nothing of the person is in Redis');

    going = false;
    await others;
    await system.emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 3] });
    await drained(system, CONNECTIONS, 150_000);
    const scraped = await scrape(second.url!);
    for (const connection of CONNECTIONS) assertEquations(scraped, connection);
    const removed = (from: string) => scraped.sum('sluice_removed_entries_total', { from, reason: 'erased' });
    const { lines } = await readBooks(system);
    const delivered = new Set(
      lines
        .filter(({ activity }) => activity.performedBy.id.toLowerCase() === PERSON.toLowerCase())
        .map(({ activity }) => activity.startDateTime),
    ).size;
    const sum = removed('pending') + removed('dead') + removed('parked');
    t.diagnostic(`accepted ${source.accepted[PERSON]}, in the ledger ${delivered}, erased ${sum}`);
    assert.ok(removed('pending') > 0 && removed('dead') > 0, 'from where it waited, and from the dead letters');
    assert.ok(sum + delivered >= source.accepted[PERSON], 'each was erased or delivered');
    assert.ok(sum <= source.accepted[PERSON], 'none was erased twice');
    const audit = await (await fetch(`${second.url}/api/v1/audit`)).text();
    assert.match(audit, /performer sha256:[0-9a-f]{16}/);
    const logs = [...consoles, ...system.workers, ...system.intakes].map(({ logs }) => JSON.stringify(logs)).join('\n');
    assert.ok(!`${audit}${logs}`.toLowerCase().includes(PERSON.toLowerCase()), 'nobody is named in audit or logs');
  } finally {
    going = false;
    await Promise.all(consoles.map((one) => one.kill('SIGKILL')));
    await system.stop();
  }
});
