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
