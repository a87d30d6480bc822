/* The client against an intake that is killed again and again: what it resolved is in the ledger, once; nothing else is. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createSluice } from '@sluice/client/source';
import { eventually } from '@sluice/testing';
import { assertCallsWellFormed, drained, readBooks } from '../support/conservation.ts';
import { type System, startSystem } from '../support/start-system.ts';

const CONNECTION = 'killed';
const ACTIVITIES = 6000;
const KILLS = 5;
const BEGIN_MS = Date.UTC(2026, 0, 1);

let system: System;
before(async () => {
  system = await startSystem({ workers: 1, intakes: 1 });
});
after(() => system.stop());

test('an intake killed under load, five times: nothing that was resolved is missing, nothing is there twice', async () => {
  const url = system.intakes[0]!.url!;
  const port = new URL(url).port;
  const rejected: string[] = [];
  const sluice = createSluice({
    url,
    batchActivitiesMax: 50,
    bufferActivitiesMax: 500,
    retryBaseMs: 20,
    retryCapMs: 500,
    requestTimeoutMs: 5000,
    deadlineMs: 120_000,
    onRejected: (_activity, error) => rejected.push(error.message),
  });
  const resolved: number[] = [];
  async function produce(): Promise<void> {
    for (let n = 0; n < ACTIVITIES; n++) {
      await sluice.room();
      const activity = {
        connection: CONNECTION,
        item: `item-${n % 40}`,
        type: 'viewed',
        startDateTime: new Date(BEGIN_MS + n),
        performedBy: { type: 'user', id: randomUUID() },
      } as const;
      void sluice.track(activity).then(() => resolved.push(n));
      if (n % 100 === 99) await pause(5);
    }
    await sluice.close();
  }
  const producing = produce();
  for (let kill = 0; kill < KILLS; kill++) {
    // Each time so much later in the stream that the kill falls among requests.
    const from = ((kill + 0.5) * ACTIVITIES) / (KILLS + 1);
    await eventually(() => resolved.length >= from, { withinMs: 60_000, what: `${from} activities are resolved` });
    await system.intakes.at(-1)!.kill('SIGKILL');
    await system.startIntake({ PORT: port });
  }
  await producing;

  assert.deepEqual(rejected.slice(0, 3), []);
  assert.equal(resolved.length, ACTIVITIES);
  await drained(system, [CONNECTION], 60_000);
  const { appended, lines } = await readBooks(system);
  assert.deepEqual([appended.size, lines.length], [ACTIVITIES, ACTIVITIES]);
  assertCallsWellFormed(lines);
});
