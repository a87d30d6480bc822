/*
  Producers that send again whatever got no answer, as it was, while the intakes are killed -9 one after another: by key, by id
  and by content, as JSON and as lines. Bodies are stored in several pieces, so that kills fall between two of them as well.
  Read from the emulator's ledger: nothing acknowledged is missing, nothing is there twice.
*/
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained, keyOf, readBooks } from '../support/conservation.ts';
import type { Producer, Sent } from '../support/producer.ts';
import { type System, startSystem } from '../support/start-system.ts';

const BODY_ACTIVITIES = 1200;
const TYPES = ['viewed', 'modified', 'created', 'commented'];
const TRIES_MAX = 1000;
const items = Array.from({ length: 60 }, (_, n) => `item-${n}`);

interface Way {
  readonly connection: string;
  readonly lines: boolean;
  readonly sameBy: 'key' | 'id' | 'content';
}

interface Run {
  readonly acknowledged: Sent[];
  bodies: number;
  resent: number;
  replayed: number;
  /** Bodies of which a repetition stored the rest: neither all of it nor nothing. */
  completed: number;
}

let made = 0;
/** Senders of a test that failed half-way must not go on. */
let going = false;
afterEach(() => {
  going = false;
});
function makeBody({ connection, lines, sameBy }: Way) {
  const sent = Array.from({ length: BODY_ACTIVITIES }, (): Sent => {
    made++;
    return {
      connection,
      item: items[made % items.length]!,
      type: TYPES[made % TYPES.length]!,
      startDateTime: new Date(Date.UTC(2026, 0, 1) + made).toISOString(),
      performer: randomUUID(),
    };
  });
  const activities = sent.map(({ item, type, startDateTime, performer }) => ({
    itemId: item,
    type,
    startDateTime,
    performedBy: { type: 'user', id: performer },
    ...(sameBy === 'id' && { id: performer }),
  }));
  const headers = {
    'content-type': lines ? 'application/x-ndjson' : 'application/json',
    ...(sameBy === 'key' && { 'idempotency-key': `"${randomUUID()}"` }),
  };
  const body = lines
    ? activities.map((activity) => JSON.stringify(activity)).join('\n')
    : JSON.stringify({ activities });
  return { sent, headers, body };
}

/** As it was, until a 202 comes. */
async function sendUntilTaken(urlOf: () => string, way: Way, run: Run): Promise<void> {
  const { sent, headers, body } = makeBody(way);
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const answer = await fetch(`${urlOf()}/v1/connections/${way.connection}/activities`, {
      method: 'POST',
      headers,
      body,
    }).then(
      async (response) => ({ response, said: (await response.json()) as Record<string, number> }),
      () => null,
    );
    if (answer?.response.status === 202) {
      const { accepted, duplicates } = answer.said as { accepted: number; duplicates: number };
      assert.equal(accepted + duplicates, BODY_ACTIVITIES, 'all of the body is accounted for');
      run.acknowledged.push(...sent);
      run.bodies++;
      if (answer.response.headers.has('idempotent-replayed')) run.replayed++;
      if (tries > 1 && accepted > 0 && duplicates > 0) run.completed++;
      return;
    }
    const status = answer?.response.status ?? 0;
    assert.ok([0, 409, 503].includes(status), `${status}: ${JSON.stringify(answer?.said)}`);
    run.resent++;
    await pause(200);
  }
  assert.fail(`no 202 after ${TRIES_MAX} tries`);
}

async function sendAllWays(t: TestContext, system: System, ways: readonly Way[], kills: number): Promise<void> {
  const run: Run = { acknowledged: [], bodies: 0, resent: 0, replayed: 0, completed: 0 };
  let turn = 0;
  going = true;
  // One of the three last is about to die, or dead.
  const alive = () => system.intakes.slice(-3)[turn++ % Math.min(3, system.intakes.length)]!.url!;
  const loops = ways.map(async (way) => {
    while (going) {
      await sendUntilTaken(alive, way, run);
      // Whoever starts needs the processor, too.
      await pause(300);
    }
  });
  // A loop that fails is told at the end; meanwhile it must not be unhandled.
  for (const loop of loops) loop.catch(() => {});
  const more = (bodies: number) => {
    const until = run.bodies + bodies;
    return eventually(() => run.bodies >= until, { withinMs: 90_000, what: `${bodies} more bodies are acknowledged` });
  };
  for (let kill = 1; kill <= kills; kill++) {
    await more(2);
    // Started before the other one ends, so that half of the senders always meet one that lives.
    const victim = system.intakes.at(-2)!;
    await system.startIntake();
    await victim.kill('SIGKILL');
  }
  await more(ways.length);
  going = false;
  await Promise.all(loops);
  const { bodies, resent, replayed, completed } = run;
  t.diagnostic(`${bodies} bodies, ${resent} sent again, ${replayed} replayed, ${completed} completed`);
  assert.ok(resent > 0, 'the kills hit requests');
  await drained(system, [...new Set(ways.map(({ connection }) => connection))], 120_000);
  const books = await readBooks(system);
  assert.equal(books.lines.length, new Set(run.acknowledged.map(keyOf)).size, 'as many as were acknowledged');
  await assertDeliveredOnce(system, { acknowledged: run.acknowledged, doubtful: [] } as unknown as Producer);
}

test('by Idempotency-Key alone, as JSON and as lines', async (t) => {
  const system = await startSystem({
    workers: 1,
    intakes: 2,
    env: { SLUICE_DEDUPE: 'off', SLUICE_INFLIGHT_MAX: '50' },
  });
  try {
    const ways: Way[] = [
      { connection: 'jsonByKey', lines: false, sameBy: 'key' },
      { connection: 'linesByKey', lines: true, sameBy: 'key' },
    ];
    await sendAllWays(t, system, [...ways, ...ways], 6);
  } finally {
    await system.stop();
  }
});

test('by id and by content, as JSON and as lines', async (t) => {
  const env = { SLUICE_DEDUPE: 'content', SLUICE_INFLIGHT_MAX: '50' };
  const system = await startSystem({ workers: 1, intakes: 2, env });
  try {
    const ways: Way[] = [
      { connection: 'jsonById', lines: false, sameBy: 'id' },
      { connection: 'linesById', lines: true, sameBy: 'id' },
      { connection: 'jsonByContent', lines: false, sameBy: 'content' },
      { connection: 'linesByContent', lines: true, sameBy: 'content' },
    ];
    await sendAllWays(t, system, ways, 6);
  } finally {
    await system.stop();
  }
});
