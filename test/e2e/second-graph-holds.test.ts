/* Answers that an operator must mend: the connection is held with the reason, nothing is thrown away, and it goes on when mended. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { type AnswerKind, CLEAR, refusal } from '../support/second-graph/answers.ts';
import { balanceBooks } from '../support/second-graph/books.ts';
import { withSecondGraph } from '../support/second-graph/start.ts';

const PLAIN = CLEAR[0]!;
const CLAIMS = { access_token: { acrs: { essential: true, value: 'cp1' } } };
const challenge = (claims: object) =>
  `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(JSON.stringify(claims)).toString('base64')}"`;

/** Where a redirect leads: nobody may come, and no token. */
const visits: string[] = [];
const trap = createServer((request, response) => {
  visits.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
  response.end('{"value":[]}');
});
before(() => new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve)));
after(() => new Promise((resolve) => trap.close(resolve)));
const redirect =
  (status: number): AnswerKind =>
  (call, chance) => {
    const location = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/elsewhere`;
    return refusal(status, '', { location })(call, chance);
  };

/** By connection: how it is answered, and what the reason of its hold says. */
const HELD: Readonly<Record<string, readonly [AnswerKind, RegExp]>> = {
  refused401: [refusal(401, { error: { code: 'InvalidAuthenticationToken', message: 'no' } }), /^unauthorized: 401 no/],
  bare401: [refusal(401, ''), /^unauthorized: /],
  challenged401: [refusal(401, '', { 'www-authenticate': challenge(CLAIMS) }), /^unauthorized: /],
  challenged403: [refusal(403, '', { 'www-authenticate': challenge(CLAIMS) }), /^forbidden: /],
  unpaid: [refusal(402, { error: { code: 'PaymentRequired', message: 'pay' } }), /^payment_required: 402 pay/],
  forbidden: [refusal(403, { error: { code: 'accessDenied', message: 'never' } }), /^forbidden: 403 never/],
  gone: [
    refusal(404, { error: { code: 'NotFound', message: 'x', innerError: { code: 'ExternalConnectionNotFound' } } }),
    /^connection_not_found: 404/,
  ],
  found302: [redirect(302), /^redirected: /],
  moved308: [redirect(308), /^redirected: /],
  full507: [refusal(507, { error: { code: 'quotaLimitReached', message: 'no room' } }), /^storage_full: 507 no room/],
};

test('each answer that an operator must mend holds its connection, costs few calls and no activity, and ends when it is mended', () => {
  const mended = new Set<string>();
  const answer = (call: Parameters<AnswerKind>[0]) => {
    const [kind] = HELD[call.connection] ?? [PLAIN];
    return (mended.has(call.connection) ? PLAIN : kind)(call, () => 0.5);
  };
  return withSecondGraph({ answer, workers: 2 }, async ({ graph, system, views }) => {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const names = Object.keys(HELD);
    const items = Array.from({ length: 6 }, (_, n) => `item-${n}`);
    for (const connection of [...names, 'flowing'])
      assert.equal(await producer.post({ connection, items, count: 60 }), 202);
    await eventually(
      async () => {
        const states = (await views(names)).map((view) => `${view?.connectionId} ${view?.state}`);
        assert.deepEqual(
          states.filter((state) => !state.endsWith(' held')),
          [],
        );
        return true;
      },
      { withinMs: 60_000, what: 'every connection is held' },
    );
    for (const view of await views(names)) {
      const [, reason] = HELD[view!.connectionId]!;
      assert.match(view!.reason ?? '', reason, view!.connectionId);
      assert.deepEqual([view!.dead, view!.parked, view!.delivered], [0, 0, 0], view!.connectionId);
    }
    await eventually(async () => (await views(['flowing']))[0]!.delivered === 60, {
      withinMs: 20_000,
      what: 'another connection is delivered',
    });
    // Calls that were under way together, and for a refused token one more each: then only a probe a minute.
    const callsOf = (name: string) => graph.journal.filter(({ connection }) => connection === name).length;
    for (const name of names) assert.ok(callsOf(name) <= 40, `${callsOf(name)} calls of ${name}`);
    assert.ok(
      graph.tokenForms.some((form) => form.get('claims')?.includes('acrs')),
      'the challenge was answered',
    );
    assert.ok(graph.tokenForms.length <= 80, `${graph.tokenForms.length} tokens were asked for`);
    assert.deepEqual(visits, []);

    // Only what Graph named as missing is refused by the intake meanwhile.
    const more = (connection: string) => producer.post({ connection, items, count: 6 });
    assert.deepEqual([await more('gone'), await more('forbidden')], [404, 202]);
    const store = openStore(system);
    for (const name of names) mended.add(name);
    for (const name of names) await store.resume(name);
    await store.close();
    assert.equal(await more('gone'), 202);
    await eventually(
      async () => {
        const pending = (await views(names)).map((view) => `${view?.connectionId} ${view?.pending}`);
        assert.deepEqual(
          pending.filter((text) => !text.endsWith(' 0')),
          [],
        );
        return true;
      },
      { withinMs: 60_000, what: 'everything is delivered' },
    );
    const books = balanceBooks(graph.journal, producer.acknowledged);
    assert.deepEqual([books.missing, books.repetitions, graph.complaints, visits], [[], 0, [], []]);
  });
});

test('a connection that nobody ever found is held after three calls, and flows with the first item that is found', () => {
  let made = false;
  const missing = refusal(404, { error: { code: 'itemNotFound', message: 'The resource could not be found.' } });
  // One call at a time, so that the third is the third.
  const env = { SLUICE_INFLIGHT_MAX: '1' };
  return withSecondGraph(
    { answer: (call) => (made ? PLAIN : missing)(call, () => 0.5), env, workers: 1 },
    async ({ graph, system, views }) => {
      const producer = startProducer(() => [system.intakes[0]!.url!]);
      const items = Array.from({ length: 8 }, (_, n) => `item-${n}`);
      await producer.post({ connection: 'silent', items, count: 80 });
      const view = async () => (await views(['silent']))[0]!;
      await eventually(async () => (await view()).state === 'held', { withinMs: 30_000, what: 'it is held' });
      assert.equal(graph.journal.length, 3);
      assert.match((await view()).reason ?? '', /^connection_not_found: nothing of it was ever found/);
      made = true;
      const store = openStore(system);
      await store.resume('silent');
      await store.close();
      // The items of the first two calls were taken for missing and wait their minute; the others go at once.
      await eventually(async () => (await view()).delivered === 60, {
        withinMs: 30_000,
        what: 'six items are delivered',
      });
      const { dead, pending, delayed, state } = await view();
      assert.deepEqual({ dead, pending, delayed, state }, { dead: 0, pending: 20, delayed: 20, state: 'flowing' });
    },
  );
});
