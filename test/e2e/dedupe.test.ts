/* An id is accepted once: at the same moment, through several intakes, and after a Redis that was killed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 1, intakes: 2 });
});
after(() => system.stop());

const CONNECTION = 'once';
const ACTIVITY = {
  type: 'viewed',
  startDateTime: '2026-05-04T10:20:30Z',
  performedBy: { type: 'user', id: '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b' },
};

interface Answer {
  readonly status: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly receiptId: string;
}

async function post(intake: number, item: string, body: unknown): Promise<Answer> {
  const url = `${system.intakes[intake]!.url}/v1/connections/${CONNECTION}/items/${item}/activities`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

async function linesOf(item: string): Promise<number> {
  const lines = await system.emulator.ledger();
  return lines.filter((line) => line.connection === CONNECTION && line.item === item).length;
}

test('of a hundred posts of one id at once, through two intakes, one is accepted and delivered; a receipt counts the rest', async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => post(n % 2, 'hundred', { ...ACTIVITY, id: 'mine' })),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
  const accepted = answers.reduce((sum, answer) => sum + answer.accepted, 0);
  const duplicates = answers.reduce((sum, answer) => sum + answer.duplicates, 0);
  assert.deepEqual([accepted, duplicates], [1, 99]);
  const duplicate = answers.find((answer) => answer.duplicates === 1)!;
  const receipt = await fetch(`${system.intakes[0]!.url}/v1/receipts/${duplicate.receiptId}`);
  const { final, counts } = (await receipt.json()) as { final: boolean; counts: { duplicates: number } };
  assert.deepEqual([final, counts.duplicates], [true, 1]);
  // The same id on another item is another activity; once it has arrived, a second one of the first would have, too.
  await post(0, 'other', { ...ACTIVITY, id: 'mine' });
  await drained(system, [CONNECTION], 10_000);
  assert.deepEqual([await linesOf('hundred'), await linesOf('other')], [1, 1]);
});

test('an id is known after Redis was killed and started again', async () => {
  const body = { activities: [{ ...ACTIVITY, id: 'before' }, ACTIVITY] };
  assert.deepEqual((await post(0, 'killed', body)).accepted, 2);
  await system.redis.kill9();
  await system.redis.restart();
  const again = await eventually(
    async () => {
      const answer = await post(1, 'killed', { activities: [{ ...ACTIVITY, id: 'before' }] });
      return answer.status === 202 && answer;
    },
    { withinMs: 15_000, what: 'the intake takes activities again' },
  );
  assert.deepEqual([again.accepted, again.duplicates], [0, 1]);
  await drained(system, [CONNECTION], 20_000);
  assert.equal(await linesOf('killed'), 2);
});
