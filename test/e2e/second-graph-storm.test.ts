/* A Graph that answers 5xx: what failed before does not crowd out what was never tried, and an outage costs nothing but time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { CLEAR, refusal } from '../support/second-graph/answers.ts';
import { balanceBooks, repeatedCalls } from '../support/second-graph/books.ts';
import { seededChance, withSecondGraph } from '../support/second-graph/start.ts';

const PLAIN = CLEAR[0]!;
const FAILURES = [
  refusal(500, ''),
  refusal(502, '<html>'),
  refusal(503, ''),
  refusal(504, { error: { code: 'timeout' } }),
];
const items = Array.from({ length: 400 }, (_, n) => `item-${n}`);
/** A call in five, and what was saved up when it began. */
const SHARE_MAX = 0.2;
const SAVED_UP_MAX = 5;

test('while four calls of ten are answered 5xx a fifth of the calls are retries, and everything comes once in the end', (t) => {
  const chance = seededChance(11);
  let stormy = true;
  const answer = (call: Parameters<typeof PLAIN>[0]) => {
    const failure = FAILURES[Math.floor(chance() * FAILURES.length)]!;
    return (stormy && chance() < 0.4 ? failure : PLAIN)(call, chance);
  };
  return withSecondGraph({ answer }, async ({ graph, system, views }) => {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    for (let round = 0; round < 4; round++) await producer.post({ connection: 'stormy', items, count: 4000 });
    // As long as there is enough that was never tried.
    await eventually(() => graph.journal.length >= 300, { withinMs: 120_000, what: 'there were 300 calls' });
    const calls = graph.journal.slice(0, 300);
    const retries = repeatedCalls(calls).filter((repeated) => repeated).length;
    t.diagnostic(`${retries} of ${calls.length} calls carried what had been sent before`);
    assert.ok(retries <= SHARE_MAX * calls.length + SAVED_UP_MAX, `${retries} of ${calls.length} calls were retries`);
    assert.ok(calls.filter(({ kind }) => kind.startsWith('5')).length > 80);
    stormy = false;
    await drained(system, ['stormy'], 120_000);
    const books = balanceBooks(graph.journal, producer.acknowledged);
    assert.deepEqual([books.missing, books.repetitions], [[], 0]);
    assert.equal((await views(['stormy']))[0]!.dead, 0);
  });
});

test('in an outage one probe at a time is made, each of another item; nothing becomes a dead letter, and all goes when it is over', (t) => {
  let out = true;
  const answer = (call: Parameters<typeof PLAIN>[0]) => (out ? FAILURES[0]! : PLAIN)(call, () => 0.5);
  return withSecondGraph(
    { answer, env: { SLUICE_RETRY_ATTEMPTS_MAX: '2', SLUICE_RETRY_AGE_MAX_MS: '1000' } },
    async ({ graph, system, views }) => {
      const producer = startProducer(() => [system.intakes[0]!.url!]);
      await producer.post({ connection: 'outage', items, count: 4000 });
      const view = async () => (await views(['outage']))[0]!;
      const isOpen = async () => (await view()).state === 'breaker';
      await eventually(isOpen, { withinMs: 30_000, what: 'the breaker opens' });
      // What was leased before it opened may arrive after it did.
      await eventually(async () => (await view()).leases === 0, { withinMs: 20_000, what: 'nothing is under way' });
      const before = graph.journal.length;
      // What was under way when it opened, and at most the twenty of a first round.
      assert.ok(before <= 25, `${before} calls before the breaker opened`);
      await eventually(() => graph.journal.length >= before + 4, { withinMs: 60_000, what: 'four probes were made' });
      const probes = graph.journal.slice(before);
      for (const [n, probe] of probes.entries()) {
        const last = probes[n - 1];
        if (last === undefined) continue;
        assert.ok(probe.atMs >= last.endedAtMs, 'a probe began before the last one had ended');
        assert.ok(probe.atMs - last.atMs >= 4500, `probes ${probe.atMs - last.atMs} ms apart`);
      }
      assert.equal(new Set(probes.map(({ item }) => item)).size, probes.length, 'each probe goes to another item');
      const retries = repeatedCalls(graph.journal).filter((repeated) => repeated).length;
      t.diagnostic(`${retries} of ${graph.journal.length} calls carried what had been sent before`);
      out = false;
      await drained(system, ['outage'], 120_000);
      const books = balanceBooks(graph.journal, producer.acknowledged);
      assert.deepEqual([books.missing, books.repetitions, (await view()).dead], [[], 0, 0]);
    },
  );
});
