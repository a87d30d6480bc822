/* Texts that have broken something somewhere, in every place a caller may fill: they arrive in Graph letter for letter, or are refused. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@sluice/testing';
import { NAUGHTY, NAUGHTY_REFUSED } from '../support/naughty-strings.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 1, intakes: 1, env: { SLUICE_PERFORMER_IDS: 'any' } });
});
after(() => system.stop());

const CONNECTION = 'naughty';
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();

async function post(path: string, body: unknown) {
  const response = await fetch(`${system.intakes[0]!.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('who did it and the id of an activity may be any text, and the text that arrives in Graph is the one that was sent', async () => {
  const activities = NAUGHTY.map((text, n) => ({
    itemId: `i${n % 7}`,
    type: 'viewed',
    startDateTime: at(n),
    performedBy: { type: (['user', 'group', 'externalGroup'] as const)[n % 3], id: text },
    id: text,
  }));
  const answer = await post(`/v1/connections/${CONNECTION}/activities`, { activities });
  assert.deepEqual([answer.status, answer.body['accepted']], [202, NAUGHTY.length], JSON.stringify(answer.body));
  const again = await post(`/v1/connections/${CONNECTION}/activities`, { activities });
  assert.deepEqual(
    [again.status, again.body['duplicates']],
    [202, NAUGHTY.length],
    'the ids are told apart and known again',
  );
  const arrived = async () => (await system.emulator.ledger()).filter(({ connection }) => connection === CONNECTION);
  await eventually(async () => (await arrived()).length >= NAUGHTY.length, {
    withinMs: 30_000,
    what: 'all have arrived',
  });
  const byStart = new Map((await arrived()).map(({ activity }) => [activity.startDateTime, activity.performedBy]));
  assert.equal((await arrived()).length, NAUGHTY.length);
  for (const { startDateTime, performedBy } of activities) {
    const { type, id } = byStart.get(startDateTime) ?? {};
    assert.deepEqual({ type, id }, performedBy);
  }
});

test('texts with NUL, half a surrogate pair, or none and too many characters are refused where they stand', async () => {
  for (const text of NAUGHTY_REFUSED) {
    const valid = { type: 'viewed', startDateTime: at(0), performedBy: { type: 'externalGroup', id: 'g' } };
    const inPerformer = { ...valid, performedBy: { type: 'externalGroup', id: text } };
    const url = '/v1/connections/refused/items/a1/activities';
    const first = await post(url, inPerformer);
    assert.deepEqual([first.status, pointers(first.body)], [400, ['#/performedBy/id']]);
    const second = await post(url, { ...valid, id: text });
    assert.deepEqual([second.status, pointers(second.body)], [400, ['#/id']]);
  }
});

test('everywhere else they are refused by the rule of the place, and nothing fails inside', async () => {
  for (const text of [...NAUGHTY, ...NAUGHTY_REFUSED]) {
    const valid = {
      itemId: 'a1',
      type: 'viewed',
      startDateTime: at(0),
      performedBy: { type: 'externalGroup', id: 'g' },
    };
    const cases = [
      { ...valid, type: text },
      { ...valid, startDateTime: text },
      { ...valid, performedBy: text },
      { ...valid, performedBy: { type: text, id: 'g' } },
      { ...valid, [`${text} `]: 1 },
    ];
    const answer = await post('/v1/connections/refused/activities', { activities: cases });
    const { status, body } = answer;
    // "__proto__ " is no prototype, but a member that nobody knows.
    assert.deepEqual([status, pointers(body).length], [400, cases.length], JSON.stringify([text, body]));
    if (/^[A-Za-z0-9_-]{1,128}$/.test(text)) continue;
    const inPath = encodeURIComponent(text.toWellFormed());
    if (inPath === '' || inPath === '.' || inPath === '..') continue;
    const item = await post(`/v1/connections/refused/items/${inPath}/activities`, valid);
    assert.ok([400, 414].includes(item.status), `${JSON.stringify(text)}: ${item.status}`);
    const connection = await post(`/v1/connections/${inPath}/activities`, { activities: [valid] });
    assert.ok([400, 414].includes(connection.status), `${JSON.stringify(text)}: ${connection.status}`);
  }
  const failed = [...system.intakes, ...system.workers].flatMap(({ logs }) =>
    logs.filter(({ level }) => level >= 50 || level === 0),
  );
  assert.deepEqual(failed, []);
});

function pointers(body: Record<string, unknown>): string[] {
  return ((body['rejected'] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);
}
