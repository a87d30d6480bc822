/*
  Everything is restarted, one process after the other, under load through a balancer before two intakes: no caller sees an error, no call
  is left in the air, nothing is lost, nothing is doubled.

  Timeline: load → each intake stops and a new one comes → each worker → the console → load goes on a while → all is drained.
*/
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { eventually, type Service, spawnService } from '@sluice/testing';
import { startBalancer } from '../support/balancer.ts';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { type Sent, startProducer } from '../support/producer.ts';
import { assertEquations, scrape } from '../support/scrape.ts';
import { startSystem } from '../support/start-system.ts';

const CONNECTIONS = ['first', 'second', 'third'];
const items = Array.from({ length: 30 }, (_, n) => `item-${n}`);
const STOPPED = { code: 0, signal: null };
const LINES_BEGIN_MS = Date.UTC(2025, 0, 1);

/** Lines, and then the receipt of them, which another intake may be asked for. Answers both statuses. */
async function postLines(url: string, from: number): Promise<{ readonly sent: Sent[]; readonly statuses: number[] }> {
  const sent = Array.from({ length: 50 }, (_, n): Sent => {
    const startDateTime = new Date(LINES_BEGIN_MS + from + n).toISOString();
    return {
      connection: 'third',
      item: items[n % items.length]!,
      type: 'created',
      startDateTime,
      performer: randomUUID(),
    };
  });
  const lines = sent.map(({ item, type, startDateTime, performer }) =>
    JSON.stringify({ itemId: item, type, startDateTime, performedBy: { type: 'user', id: performer } }),
  );
  const headers = { 'content-type': 'application/x-ndjson' };
  const post = { method: 'POST', headers, body: lines.join('\n') };
  const stored = await fetch(`${url}/v1/connections/third/activities`, post);
  const { receiptId } = (await stored.json()) as { readonly receiptId?: string };
  const receipt = await fetch(`${url}/v1/receipts/${receiptId}`);
  await receipt.arrayBuffer();
  return { sent: stored.status === 202 ? sent : [], statuses: [stored.status, receipt.status] };
}

test('intakes, workers and console restarted in turn under load: no error, no duplicate, no call in the air', async (t) => {
  // A settlement on a busy machine: what is shown here is that a stop breaks nothing, not how fast it is.
  const system = await startSystem({
    workers: 2,
    intakes: 2,
    behavior: { latencyMs: [50, 200] },
    env: { SLUICE_CALL_TIMEOUT_MS: '10000', SLUICE_LEASE_MS: '20000', SLUICE_SHUTDOWN_MS: '30000' },
  });
  const openConsole = () => spawnService({ service: 'console', env: system.env });
  const consoles = [await openConsole()];
  const left = new Set<Service>();
  const balancer = await startBalancer(() =>
    system.intakes.filter((intake) => !left.has(intake)).map(({ url }) => url!),
  );
  let going = true;
  try {
    // Without ids and without a second try: an answer that was lost would be an error here, and a resend a duplicate.
    const producer = startProducer(() => [balancer.url]);
    const statuses = new Map<number, number>();
    const loops = [0, 1, 2, 3].map(async (n) => {
      while (going) {
        const status = await producer.post({ connection: CONNECTIONS[n % 2]!, items, count: 20 });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    loops.push(
      (async () => {
        for (let from = 0; going; from += 50) {
          const { sent, statuses: seen } = await postLines(balancer.url, from);
          producer.acknowledged.push(...sent);
          for (const status of seen) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      })(),
    );
    const more = (count: number) => {
      const from = producer.acknowledged.length;
      return eventually(() => producer.acknowledged.length >= from + count, {
        withinMs: 60_000,
        what: `${count} more are acknowledged`,
      });
    };
    await more(500);
    for (const intake of [...system.intakes]) {
      assert.deepEqual(await intake.kill('SIGTERM'), STOPPED, 'an intake');
      left.add(intake);
      const { url } = await system.startIntake();
      await eventually(() => (balancer.answered.get(url!) ?? 0) > 5, { withinMs: 60_000, what: 'the new one answers' });
    }
    for (const worker of [...system.workers]) {
      assert.deepEqual(await worker.kill('SIGTERM'), STOPPED, 'a worker');
      await system.startWorker();
      await more(500);
    }
    assert.deepEqual(await consoles[0]!.kill('SIGTERM'), STOPPED, 'the console');
    consoles.push(await openConsole());
    await more(500);
    going = false;
    await Promise.all(loops);
    t.diagnostic(`${producer.acknowledged.length} acknowledged; requests by status: ${JSON.stringify([...statuses])}`);
    assert.deepEqual([...statuses.keys()].sort(), [200, 202], 'no caller saw an error');
    await drained(system, CONNECTIONS, 90_000);
    await assertDeliveredOnce(system, producer);
    const scraped = await scrape(consoles[1]!.url!);
    for (const connection of CONNECTIONS) assertEquations(scraped, connection);
    assert.equal(scraped.sum('sluice_unknown_entries_total'), 0, 'every call was waited for');
    assert.equal(scraped.sum('sluice_append_entries_total'), producer.acknowledged.length);
  } finally {
    going = false;
    await balancer.stop();
    await Promise.all(consoles.map((one) => one.kill('SIGKILL')));
    await system.stop();
  }
});
