/* Another server that speaks Graph's protocol in other words: nothing is lost, and only what it left in doubt comes twice. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { drained, openStore } from '../support/conservation.ts';
import type { Producer, Sent } from '../support/producer.ts';
import {
  type AnswerKind,
  CLEAR,
  isBad,
  partial,
  refusal,
  spoiled,
  TRANSIENT,
  UNCLEAR,
} from '../support/second-graph/answers.ts';
import { balanceBooks, keyOf } from '../support/second-graph/books.ts';
import { type SecondSystem, seededChance, withSecondGraph } from '../support/second-graph/start.ts';

const SEED = 7;
const ITEMS = Array.from({ length: 12 }, (_, n) => `item-${n}`);
const TYPES = ['viewed', 'modified', 'created', 'commented'];

type Sender = Pick<Producer, 'acknowledged'> & { post(connection: string, count: number): Promise<void> };

/** Every 25th activity is one that the second Graph refuses for itself. */
function senderTo({ system }: SecondSystem): Sender {
  const acknowledged: Sent[] = [];
  let made = 0;
  return {
    acknowledged,
    post: async (connection, count) => {
      const sent = Array.from({ length: count }, (): Sent => {
        made += 1;
        const id = randomUUID();
        return {
          connection,
          item: ITEMS[made % ITEMS.length]!,
          type: TYPES[made % TYPES.length]!,
          startDateTime: new Date(Date.UTC(2026, 0, 1) + made * 50).toISOString(),
          performer: made % 25 === 0 ? `bad${id.slice(3)}` : `f${id.slice(1)}`,
        };
      });
      const activities = sent.map(({ item, performer, type, startDateTime }) => {
        return { itemId: item, type, startDateTime, performedBy: { type: 'user', id: performer } };
      });
      const url = `${system.intakes[0]!.url}/v1/connections/${connection}/activities`;
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ activities }) });
      assert.equal(answer.status, 202, await answer.text());
      acknowledged.push(...sent);
    },
  };
}

const isBadSent = ({ performer }: Sent) => performer.startsWith('bad');

interface Mix {
  /** Chance of each kind; the rest is clear. */
  readonly partial: number;
  readonly unclear: number;
  readonly transient: number;
}

function mixOf({ partial: partly, unclear, transient }: Mix): AnswerKind {
  const oneOf = (kinds: readonly AnswerKind[], chance: () => number) => kinds[Math.floor(chance() * kinds.length)]!;
  return (call, chance) => {
    const roll = chance();
    if (roll < partly) return partial(call, chance);
    if (call.activities.some(isBad)) return spoiled(call, chance);
    if (roll < partly + unclear) return oneOf(UNCLEAR, chance)(call, chance);
    if (roll < partly + unclear + transient) return oneOf(TRANSIENT, chance)(call, chance);
    return oneOf(CLEAR, chance)(call, chance);
  };
}

test('whatever form a clear answer has, nothing is lost, nothing comes twice, and only what is refused for itself is dead', (t) => {
  const chance = seededChance(SEED);
  const answer = mixOf({ partial: 0.2, unclear: 0, transient: 0 });
  return withSecondGraph({ answer: (call) => answer(call, chance) }, async (scene) => {
    const { graph, system, views } = scene;
    const sender = senderTo(scene);
    for (let round = 0; round < 8; round++) await sender.post('clear', 400);
    await drained(system, ['clear'], 120_000);
    const books = balanceBooks(graph.journal, sender.acknowledged);
    const bad = sender.acknowledged.filter(isBadSent).map(keyOf);
    t.diagnostic(`${graph.journal.length} calls; ${[...new Set(graph.journal.map(({ kind }) => kind))].join(', ')}`);
    assert.deepEqual(graph.complaints, []);
    assert.deepEqual([...books.missing].sort(), bad.sort());
    assert.deepEqual([books.unexplained.slice(0, 5), books.invented, books.repetitions], [[], [], 0]);
    const [view] = await views(['clear']);
    assert.deepEqual([view!.dead, view!.parked, view!.unknown], [bad.length, 0, 0]);
    for (const kind of ['nameless', 'repeated and long', 'normalised', 'with a byte order mark', 'partial'])
      assert.ok(
        graph.journal.some((line) => line.kind === kind),
        `${kind} was answered`,
      );
  });
});

test('what is left in doubt is sent again and recorded; no repetition without a doubt, no loss whatever was answered', (t) => {
  const chance = seededChance(SEED + 1);
  const answer = mixOf({ partial: 0.1, unclear: 0.12, transient: 0.12 });
  // An answer never comes twice for the same reason as often as an entry may be tried: nothing may be given up here.
  const env = { SLUICE_RETRY_ATTEMPTS_MAX: '60' };
  return withSecondGraph({ answer: (call) => answer(call, chance), env }, async (scene) => {
    const { graph, system, views } = scene;
    const sender = senderTo(scene);
    for (let round = 0; round < 4; round++) await sender.post('doubt', 400);
    await drained(system, ['doubt'], 240_000);
    const books = balanceBooks(graph.journal, sender.acknowledged);
    const bad = sender.acknowledged.filter(isBadSent).map(keyOf);
    t.diagnostic(`${graph.journal.length} calls, ${books.repetitions} repetitions`);
    assert.deepEqual(graph.complaints, []);
    assert.deepEqual([...books.missing].sort(), bad.sort());
    assert.deepEqual([books.unexplained.slice(0, 5), books.invented], [[], []]);
    assert.ok(books.repetitions > 0, 'there were doubts');
    const [view] = await views(['doubt']);
    assert.deepEqual([view!.dead, view!.parked], [bad.length, 0]);
    assert.ok(
      view!.unknown >= books.repetitions,
      `${view!.unknown} recorded as unknown, ${books.repetitions} repeated`,
    );
  });
});

test('where doubts are parked nothing comes twice, and what is parked is all that was left in doubt', () => {
  const chance = seededChance(SEED + 2);
  const answer = mixOf({ partial: 0.1, unclear: 0.12, transient: 0.08 });
  const env = { SLUICE_UNKNOWN_POLICY: 'park', SLUICE_RETRY_ATTEMPTS_MAX: '60' };
  return withSecondGraph({ answer: (call) => answer(call, chance), env }, async (scene) => {
    const { graph, system, views } = scene;
    const sender = senderTo(scene);
    for (let round = 0; round < 3; round++) await sender.post('parking', 400);
    await drained(system, ['parking'], 240_000);
    const books = balanceBooks(graph.journal, sender.acknowledged);
    assert.deepEqual([books.unexplained.slice(0, 5), books.repetitions, books.invented], [[], 0, []]);
    const [view] = await views(['parking']);
    const store = openStore(system);
    const parked = await allParked(store);
    await store.close();
    assert.equal(parked.length, view!.parkedEntries);
    assert.equal(view!.delivered + view!.dead + view!.parked, sender.acknowledged.length);
    const applied = sender.acknowledged.length - books.missing.length;
    // Parked is what was applied and left in doubt, and what was not applied but whose answer (5xx, 408) did not say so.
    const doubted = graph.journal.flatMap(({ applied: is, said }) => is.filter((one, n) => one && said[n] === false));
    assert.equal(applied, view!.delivered + doubted.length);
    assert.ok(view!.parked >= doubted.length && doubted.length > 0);
  });
});

async function allParked(store: ReturnType<typeof openStore>): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let cursor: string | null = null;
  do {
    const choice = { filter: { state: 'parked' as const }, cursor };
    const page = await store.deadLetters({ connectionId: 'parking', choice, lookedAtMax: 250, chosenMax: 250 });
    assert.equal(page.status, 'listed');
    if (page.status !== 'listed') break;
    found.push(...page.entries);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

test('a Graph that takes fewer activities a call than it says (413, 422) gets them in smaller ones, each once', () =>
  withSecondGraph(
    {
      answer: (call) => {
        const status = call.nth % 2 === 0 ? 413 : 422;
        const kind = call.activities.length > 6 ? refusal(status, '<html>too large</html>') : CLEAR[0]!;
        return kind(call, () => 0);
      },
    },
    async (scene) => {
      const { graph, system, views } = scene;
      const sender = senderTo(scene);
      await sender.post('small', 480);
      await drained(system, ['small'], 120_000);
      const books = balanceBooks(graph.journal, sender.acknowledged);
      assert.deepEqual([books.missing, books.repetitions, graph.complaints], [[], 0, []]);
      const [view] = await views(['small']);
      assert.deepEqual([view!.dead, view!.delivered], [0, 480]);
    },
  ));
