/* What Graph answers, end to end: partial success, throttling, errors of every kind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained, openStore, readBooks } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { type System, startSystem } from '../support/start-system.ts';

async function withSystem(
  options: Parameters<typeof startSystem>[0],
  run: (system: System) => Promise<void>,
): Promise<void> {
  const system = await startSystem(options);
  try {
    await run(system);
  } finally {
    await system.stop();
  }
}

/** Chance refuses one of a thousand ten times in a row, which is given up: here every one is to arrive. */
const PATIENT = { SLUICE_RETRY_ATTEMPTS_MAX: '60' };

const items = (count: number) => Array.from({ length: count }, (_, n) => `item-${n}`);

test('a 207 sends only the entries that failed again, until all are in', () =>
  withSystem(
    {
      env: PATIENT,
      behavior: { shares: { 207: 0.5 }, entryError: { code: 'serviceNotAvailable', message: 'try again' } },
    },
    async (system) => {
      const producer = startProducer(() => [system.intakes[0]!.url!]);
      for (let round = 0; round < 5; round++)
        await producer.post({ connection: 'partial', items: items(10), count: 200 });
      await drained(system, ['partial'], 60_000);
      const books = await assertDeliveredOnce(system, producer);
      assert.equal(books.lines.length, 1000);
      assert.ok((await system.emulator.stats()).byStatus['207']! > 5, 'there were partial answers');
    },
  ));

test('results in another order are matched to their entries', () =>
  withSystem(
    {
      env: PATIENT,
      behavior: {
        resultOrder: 'shuffled',
        shares: { 207: 0.5 },
        entryError: { code: 'serviceNotAvailable', message: 'again' },
      },
    },
    async (system) => {
      const producer = startProducer(() => [system.intakes[0]!.url!]);
      await producer.post({ connection: 'shuffled', items: items(5), count: 300 });
      await drained(system, ['shuffled'], 60_000);
      await assertDeliveredOnce(system, producer);
    },
  ));

test('a 429 closes the connection for all workers until Retry-After has passed, and loses nothing', () =>
  withSystem({ workers: 2 }, async (system) => {
    // Timeline: the first call is refused for 3 s; nobody of the fleet calls in that time, however much is waiting.
    await system.emulator.behave({
      rate: null,
      concurrency: null,
      script: [{ status: 429, headers: { 'Retry-After': '3' } }],
    });
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    await producer.post({ connection: 'closed', items: ['a'], count: 20 });
    await eventually(async () => (await system.emulator.calls()).some((call) => call.status === 429), {
      withinMs: 5000,
      what: 'a call was refused',
    });
    for (let round = 0; round < 5; round++) await producer.post({ connection: 'closed', items: items(20), count: 400 });
    await producer.post({ connection: 'another', items: ['b'], count: 20 });
    await drained(system, ['closed', 'another'], 30_000);
    const calls = await system.emulator.calls();
    const refusedAt = Date.parse(calls.find((call) => call.status === 429)!.at);
    const early = calls.filter(
      (call) => call.connection === 'closed' && call.status !== 429 && Date.parse(call.at) - refusedAt < 3000,
    );
    assert.deepEqual(early, [], 'no call of the connection inside Retry-After');
    const other = calls.find((call) => call.connection === 'another');
    assert.ok(Date.parse(other!.at) - refusedAt < 3000, 'another connection was not stopped');
    await assertDeliveredOnce(system, producer);
  }));

test('a hidden limit is learned: most calls are taken, and nothing is lost or doubled', () =>
  withSystem({ workers: 2, behavior: { rate: 40, window: 'bucket', burst: 20, concurrency: 25 } }, async (system) => {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 10; round++)
      await producer.post({ connection: 'limited', items: items(20), count: 800 });
    await drained(system, ['limited'], 90_000);
    await assertDeliveredOnce(system, producer);
    const { byStatus } = await system.emulator.stats();
    assert.ok((byStatus['429'] ?? 0) < 0.2 * byStatus['200']!, `refused ${byStatus['429']} of ${byStatus['200']}`);
  }));

test('server errors and calls that were never applied are sent again, once', () =>
  withSystem({ behavior: { shares: { 500: 0.05, 503: 0.05, reset: 0.05 }, latencyMs: [1, 5] } }, async (system) => {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 4; round++) await producer.post({ connection: 'shaky', items: items(10), count: 200 });
    await drained(system, ['shaky'], 90_000);
    await assertDeliveredOnce(system, producer);
  }));

test('an answer that was lost after the call was applied is the only source of duplicates, and is recorded', () =>
  withSystem({ behavior: { shares: { lost: 0.1 } } }, async (system) => {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 4; round++) await producer.post({ connection: 'lossy', items: items(10), count: 200 });
    await drained(system, ['lossy'], 90_000);
    const books = await readBooks(system);
    assert.equal(new Set(books.appended.keys()).size, producer.acknowledged.length, 'each is there');
    const unanswered = books.lines.filter((line) => !line.answered).length;
    const extra = books.lines.length - producer.acknowledged.length;
    assert.ok(unanswered > 0, 'answers were lost');
    assert.equal(extra, unanswered, 'as many extra lines as lines whose answer was lost');
    const store = openStore(system);
    const view = await store.connection('lossy');
    await store.close();
    assert.equal(view?.unknown, unanswered, 'each is recorded as unknown');
  }));

test('a permanent entry error goes to the dead letters with code, message and request-id, and its receipt names it', () =>
  withSystem(
    { behavior: { shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: 'this one never' } } },
    async (system) => {
      const intake = system.intakes[0]!.url!;
      const performedBy = { type: 'user', id: '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b' };
      const activities = Array.from({ length: 20 }, (_, n) => ({
        type: 'viewed',
        startDateTime: `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`,
        performedBy,
      }));
      const response = await fetch(`${intake}/v1/connections/deadly/items/a/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ activities }),
      });
      const { receiptId } = (await response.json()) as { receiptId: string };
      await drained(system, ['deadly'], 30_000);
      const receipt = (await (await fetch(`${intake}/v1/receipts/${receiptId}`)).json()) as {
        final: boolean;
        counts: { delivered: number; dead: number };
        entries: { state: string; code: string; message: string; requestId: string; itemId: string }[];
      };
      assert.equal(receipt.final, true);
      assert.ok(receipt.counts.dead > 0);
      assert.equal(receipt.counts.dead + receipt.counts.delivered, 20);
      assert.equal(receipt.entries.length, receipt.counts.dead);
      const [first] = receipt.entries;
      assert.deepEqual([first!.state, first!.code, first!.itemId], ['dead', 'invalidRequest', 'a']);
      assert.match(first!.message, /this one never/);
      assert.ok(first!.requestId, 'with the request-id');
      assert.equal((await readBooks(system)).lines.length, receipt.counts.delivered);
    },
  ));

test('one bad entry of twenty is found by halving, and only it is dead-lettered', () =>
  withSystem({ workers: 1 }, async (system) => {
    // A 400 for the whole call, then for the half with the bad one, and so on: the bad one is the seventh.
    const bad = { status: 400, body: { error: { code: 'invalidRequest', message: 'one of them is wrong' } } };
    await system.emulator.behave({ rate: null, concurrency: null, script: [bad] });
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    await producer.post({ connection: 'halved', items: ['a'], count: 20 });
    await drained(system, ['halved'], 30_000);
    const books = await assertDeliveredOnce(system, producer);
    assert.deepEqual(
      [...Map.groupBy(books.lines, (line) => line.call).values()].map((lines) => lines.length),
      [10, 10],
    );
  }));
