/* Dead letters end to end: made by Graph's permanent errors, seen and changed by an operator, delivered once in the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Service, spawnService } from '@sluice/testing';
import { assertDeliveredOnce, drained, readBooks } from '../support/conservation.ts';
import { type ConsoleClient, consoleClient, type Letter } from '../support/console-client.ts';
import { type Producer, startProducer } from '../support/producer.ts';
import { runSluice, type SluiceRun } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const CONNECTION = 'letters';
const PERMANENT = { shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: 'this one never' } };
const MENDED = { rate: null, concurrency: null, latencyMs: [1, 3] };
const items = Array.from({ length: 40 }, (_, n) => `item-${n}`);

interface Scene {
  readonly system: System;
  readonly producer: Producer;
  readonly operator: ConsoleClient;
  readonly intake: string;
  /** `sluice dead …` */
  readonly sluice: (...args: readonly string[]) => Promise<SluiceRun>;
}

async function withDeadLetters(count: number, run: (scene: Scene) => Promise<void>): Promise<void> {
  const system = await startSystem({ behavior: PERMANENT });
  let service: Service | null = null;
  try {
    service = await spawnService({ service: 'console', env: system.env });
    const intake = system.intakes[0]!.url!;
    const producer = startProducer(() => [intake]);
    const operator = consoleClient(service.url!);
    const kept = async () => Number((await operator.series(CONNECTION)).get('sluice_dead_letters') ?? 0);
    // Of a call that is answered 207 a part of the entries fails, another each time.
    for (let round = 0; round < 20 && (await kept()) < count; round++) {
      assert.equal(await producer.post({ connection: CONNECTION, items, count: 800 }), 202);
      await drained(system, [CONNECTION], 30_000);
    }
    assert.ok((await kept()) >= count, `${await kept()} dead letters`);
    await system.emulator.behave(MENDED);
    const url = service.url!;
    const sluice = (...args: readonly string[]) => runSluice(['dead', ...args], { SLUICE_CONSOLE_URL: url });
    await run({ system, producer, operator, intake, sluice });
  } finally {
    await service?.kill('SIGKILL');
    await system.stop();
  }
}

/** What goes in comes out or is still there, by the series that operators see. */
async function assertBalanced(operator: ConsoleClient): Promise<ReadonlyMap<string, number>> {
  const series = await operator.series(CONNECTION);
  const of = (name: string) => series.get(`sluice_${name}`) ?? 0;
  const verdict = (name: string) => of(`settle_entries_total{verdict="${name}"}`);
  const removed = (from: string) => of(`removed_entries_total{from="${from}",reason="discarded"}`);
  const replayed = of('replayed_entries_total');
  assert.equal(
    of('append_entries_total') + replayed,
    verdict('delivered') + verdict('dead') + verdict('parked') + of('pending_entries'),
  );
  assert.equal(
    of('dead_letters') + of('parked_entries'),
    verdict('dead') + verdict('parked') - replayed - removed('dead') - removed('parked'),
  );
  return series;
}

const keyOfLetter = ({ itemId, activity }: Letter) =>
  [CONNECTION, itemId, activity.type, activity.startDateTime, activity.performedBy.id].join(' ');

test('2,000 dead letters that are replayed twice at the same time are delivered once each, and the counters agree', () =>
  withDeadLetters(2000, async ({ system, producer, operator }) => {
    const letters = await operator.list(CONNECTION);
    const [first] = letters;
    assert.deepEqual(
      [first!.state, first!.code, first!.message, first!.attempts],
      ['dead', 'invalidRequest', 'this one never', 1],
    );
    assert.ok(first!.requestId, 'with the request-id');
    assert.ok(Date.parse(first!.acceptedAt) <= Date.parse(first!.settledAt));
    assert.ok(first!.receiptId);
    await assertBalanced(operator);

    const both = await Promise.all([
      operator.change(CONNECTION, 'replay', { state: 'dead', code: 'invalidRequest' }),
      operator.change(CONNECTION, 'replay', { state: 'dead' }),
    ]);
    assert.equal(both[0].done + both[1].done, letters.length);
    await drained(system, [CONNECTION], 30_000);
    await assertDeliveredOnce(system, producer);
    const series = await assertBalanced(operator);
    assert.equal(series.get('sluice_replayed_entries_total'), letters.length);
    assert.equal(series.get('sluice_dead_letters'), 0);
    assert.deepEqual(await operator.list(CONNECTION), []);
  }));

test('what is discarded by id is never delivered, and its receipt says so; the others can be sent again from an export', () =>
  withDeadLetters(100, async ({ system, operator, intake, sluice }) => {
    const letters = await operator.list(CONNECTION);
    const discarded = letters.slice(0, 30);
    const path = `/api/v1/connections/${CONNECTION}/dead-letters/discard`;
    const answer = await operator.ask(path, { ids: discarded.map(({ id }) => id) });
    assert.deepEqual(answer.body, { matched: 30, done: 30, next: null });
    const again = await operator.ask(path, { ids: discarded.map(({ id }) => id) });
    assert.deepEqual(again.body, { matched: 0, done: 0, next: null });
    const receipt = (await (await fetch(`${intake}/v1/receipts/${discarded[0]!.receiptId}`)).json()) as {
      final: boolean;
      counts: { discarded: number };
    };
    assert.ok(receipt.final && receipt.counts.discarded > 0);
    await assertBalanced(operator);

    const kept = await operator.list(CONNECTION);
    assert.equal(kept.length, letters.length - 30);
    const exported = await sluice('export', CONNECTION, '--code', 'invalidRequest');
    assert.deepEqual([exported.code, exported.err], [0, '']);
    const lines = exported.out.trimEnd().split('\n');
    assert.equal(lines.length, kept.length);
    const activities = lines.map((line) => JSON.parse(line) as unknown);
    const posted = await fetch(`${intake}/v1/connections/${CONNECTION}/activities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ activities }),
    });
    assert.equal(posted.status, 202, await posted.text());
    const all = await sluice('discard', CONNECTION, '--all', '--json');
    assert.deepEqual([all.code, JSON.parse(all.out)], [0, { done: kept.length }]);
    await drained(system, [CONNECTION], 30_000);
    const { appended } = await readBooks(system);
    for (const letter of kept) assert.equal(appended.get(keyOfLetter(letter)), 1);
    for (const letter of discarded) assert.equal(appended.has(keyOfLetter(letter)), false);
    const series = await assertBalanced(operator);
    assert.equal(series.get('sluice_removed_entries_total{from="dead",reason="discarded"}'), letters.length);
  }));

test('a replay goes at the pace of the quota: the connection calls no faster than it may', (t) =>
  withDeadLetters(300, async ({ system, operator }) => {
    await system.emulator.behave({ ...MENDED, rate: 10, window: 'bucket', burst: 5 });
    const callsBefore = (await system.emulator.calls()).length;
    await operator.change(CONNECTION, 'replay', {});
    await drained(system, [CONNECTION], 60_000);
    const calls = (await system.emulator.calls()).slice(callsBefore);
    const taken = calls.filter(({ status }) => status === 200).map(({ at }) => Date.parse(at));
    const seconds = (taken.at(-1)! - taken[0]!) / 1000;
    assert.ok(taken.length <= 5 + 10 * (seconds + 1), `${taken.length} calls were taken in ${seconds} s`);
    const refused = calls.filter(({ status }) => status === 429).length;
    t.diagnostic(`${taken.length} calls taken, ${refused} refused in ${seconds.toFixed(1)} s`);
    assert.ok(refused < taken.length, `${refused} calls were refused, ${taken.length} taken`);
    assert.equal((await operator.series(CONNECTION)).get('sluice_dead_letters'), 0);
  }));
