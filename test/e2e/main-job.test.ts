/* POST an activity, see it in Graph: the whole line with real processes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 2, intakes: 2 });
});
after(() => system.stop());

const PERFORMER = '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b';

test('one activity arrives as Graph wants it, and its receipt says so', async () => {
  const response = await fetch(`${system.intakes[0]!.url}/v1/connections/single/items/ticket-1/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'viewed',
      startDateTime: '2026-05-04T10:20:30.1239+02:00',
      performedBy: { type: 'user', id: PERFORMER },
    }),
  });
  assert.equal(response.status, 202);
  assert.equal(response.headers.get('sluice-durability'), 'fsync');
  const answer = (await response.json()) as {
    receiptId: string;
    accepted: number;
    duplicates: number;
    rejected: unknown[];
  };
  assert.deepEqual(
    { ...answer, receiptId: '' },
    { receiptId: '', connectionId: 'single', accepted: 1, duplicates: 0, rejected: [] },
  );
  assert.match(response.headers.get('location') ?? '', new RegExp(`/v1/receipts/${answer.receiptId}$`));

  const line = await eventually(
    async () => (await system.emulator.ledger()).find((one) => one.connection === 'single'),
    {
      withinMs: 10_000,
      what: 'the activity is in the ledger',
    },
  );
  assert.equal(line.item, 'ticket-1');
  assert.equal(line.answered, true);
  assert.deepEqual(line.activity, {
    '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
    type: 'viewed',
    startDateTime: '2026-05-04T08:20:30.123Z',
    performedBy: { type: 'user', id: PERFORMER },
  });
  const receipt = await eventually(
    async () => {
      const seen = (await (await fetch(`${system.intakes[1]!.url}/v1/receipts/${answer.receiptId}`)).json()) as {
        final: boolean;
        counts: Record<string, number>;
      };
      return seen.final && seen;
    },
    { withinMs: 5000, what: 'the receipt is final' },
  );
  assert.equal(receipt.counts['delivered'], 1);
  assert.equal(receipt.counts['pending'], 0);
});

test('what two intakes accepted for many items of several connections is delivered once each, in full calls', async () => {
  const producer = startProducer(() => system.intakes.map((intake) => intake.url!));
  const items = Array.from({ length: 40 }, (_, n) => `item-${n}`);
  const connections = ['alpha', 'beta', 'gamma'];
  for (let round = 0; round < 10; round++) {
    await Promise.all(connections.map((connection) => producer.post({ connection, items, count: 400 })));
  }
  assert.equal(producer.acknowledged.length, 12_000);
  await drained(system, connections, 60_000);
  const books = await assertDeliveredOnceOf(connections, producer);
  assert.equal(books.lines.length, 12_000);
  const calls = new Set(books.lines.map((line) => line.call)).size;
  assert.ok(12_000 / calls >= 15, `mean fill ${(12_000 / calls).toFixed(1)}`);
});

test('a request with some invalid entries stores the valid ones and names the others', async () => {
  const good = { type: 'created', startDateTime: '2026-01-01T00:00:00Z', performedBy: { type: 'user', id: PERFORMER } };
  const response = await fetch(`${system.intakes[0]!.url}/v1/connections/partial/items/a/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      activities: [good, { ...good, type: 'Viewed' }, { ...good, startDateTime: '2026-01-01T00:00:00' }],
    }),
  });
  assert.equal(response.status, 207);
  const body = (await response.json()) as {
    accepted: number;
    rejected: { index: number; pointer: string; message: string }[];
  };
  assert.equal(body.accepted, 1);
  assert.deepEqual(
    body.rejected.map(({ index, pointer }) => [index, pointer]),
    [
      [1, '#/activities/1/type'],
      [2, '#/activities/2/startDateTime'],
    ],
  );
  assert.match(body.rejected[0]!.message, /did you mean "viewed"/i);
  assert.match(body.rejected[1]!.message, /add Z or an offset/);
});

async function assertDeliveredOnceOf(connections: readonly string[], producer: ReturnType<typeof startProducer>) {
  const lines = (await system.emulator.ledger()).filter((line) => connections.includes(line.connection));
  const own = { ...system, emulator: { ...system.emulator, ledger: async () => lines } };
  return assertDeliveredOnce(own, producer);
}
