/* A client of Graph with another base URL: what it sends arrives in Graph, in calls that Graph takes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 1, intakes: 1 });
});
after(() => system.stop());

test('more than one call takes is stored under the path of Graph, and is in Graph once each', async () => {
  const activities = Array.from({ length: 25 }, (_, n) => ({
    '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
    type: 'created',
    startDateTime: `2021-04-06T20:04:${10 + n}.0330000+02:00`,
    performedBy: { type: 'user', id: '1f0c997e-99f7-43f1-8cca-086f8d42be8d' },
  }));
  const answer = await fetch(`${system.intakes[0]!.url}/beta/external/connections/dropin/items/doc-1/addActivities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer of-graph' },
    body: JSON.stringify({ activities }),
  });
  assert.equal(answer.status, 200);
  const { value } = (await answer.json()) as { value: { startDateTime: string; error: unknown }[] };
  assert.deepEqual(
    value.map(({ startDateTime, error }) => [startDateTime, error]),
    activities.map(({ startDateTime }) => [startDateTime, null]),
  );
  const receiptUrl = system.intakes[0]!.url + answer.headers.get('location')!;
  await eventually(async () => ((await (await fetch(receiptUrl)).json()) as { final: boolean }).final, {
    withinMs: 15_000,
    what: 'the receipt is final',
  });
  const lines = (await system.emulator.ledger()).filter(({ connection }) => connection === 'dropin');
  assert.deepEqual(
    lines.map(({ activity }) => activity.startDateTime).sort(),
    activities.map((_, n) => `2021-04-06T18:04:${10 + n}.033Z`),
  );
});

test('who prefers to wait is told what Graph did with each activity', async () => {
  const post = async (connection: string, count: number, seconds: number) => {
    const activities = Array.from({ length: count }, (_, n) => ({
      type: 'viewed',
      startDateTime: `2021-04-06T20:04:${10 + n}Z`,
      performedBy: { type: 'user', id: '1f0c997e-99f7-43f1-8cca-086f8d42be8d' },
    }));
    const answer = await fetch(
      `${system.intakes[0]!.url}/v1.0/external/connections/${connection}/items/doc-1/addActivities`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: `wait=${seconds}` },
        body: JSON.stringify({ activities }),
      },
    );
    const { value } = (await answer.json()) as {
      value: { startDateTime: string; error: { code: string; message: string; innerError: object } | null }[];
    };
    return { status: answer.status, applied: answer.headers.get('preference-applied'), value };
  };
  const ledgerOf = async (wanted: string) =>
    (await system.emulator.ledger())
      .filter(({ connection }) => connection === wanted)
      .map(({ activity }) => activity.startDateTime)
      .sort();

  const good = await post('waited', 3, 25);
  assert.deepEqual([good.status, good.applied], [200, 'wait=25']);
  assert.deepEqual(await ledgerOf('waited'), [
    '2021-04-06T20:04:10.000Z',
    '2021-04-06T20:04:11.000Z',
    '2021-04-06T20:04:12.000Z',
  ]);

  const entryError = { code: 'badRequest', message: 'The performer is not known.' };
  await system.emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 3], shares: { 207: 1 }, entryError });
  const mixed = await post('refused', 4, 25);
  assert.equal(mixed.status, 207);
  const failed = mixed.value.filter(({ error }) => error !== null);
  assert.ok(failed.length > 0, 'Graph refused some');
  for (const { error } of failed) {
    assert.deepEqual([error?.code, error?.message], [entryError.code, entryError.message]);
    assert.ok('request-id' in (error?.innerError ?? {}), 'with the request-id of Graph');
  }
  const delivered = mixed.value
    .filter(({ error }) => error === null)
    .map(({ startDateTime }) => startDateTime.replace('Z', '.000Z'));
  assert.deepEqual(await ledgerOf('refused'), delivered, 'exactly what was answered with null is in Graph');
});
