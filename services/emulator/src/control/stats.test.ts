import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLS_LOGGED_MAX, createCallLog, type LoggedCall } from './call-log.ts';
import { createStats } from './stats.ts';

const TICKETS = { tenant: 'contoso', connection: 'tickets' };
const PEOPLE = { tenant: 'contoso', connection: 'people' };
const START_MS = 1_800_000_000_000;

test('calls are counted by status, and fill over those that were taken', () => {
  const stats = createStats();
  stats.countAnswer(TICKETS, { status: 200, entries: 20, appended: 20 });
  stats.countAnswer(TICKETS, { status: 'lost', entries: 10, appended: 10 });
  stats.countAnswer(TICKETS, { status: 207, entries: 6, appended: 4 });
  stats.countAnswer(TICKETS, { status: 'reset', entries: 3, appended: 0 });
  stats.countAnswer(PEOPLE, { status: 429, entries: 0, appended: 0 });
  const { calls, byStatus, activities, meanFill } = stats.read({});
  assert.deepEqual({ calls, activities, meanFill }, { calls: 5, activities: 34, meanFill: 12 });
  assert.deepEqual(byStatus, { '200': 1, '207': 1, '429': 1, lost: 1, reset: 1 });
  assert.deepEqual(stats.read({ connection: 'people' }).byStatus, { '429': 1 });
});

test('a connection of several tenants is summed, second by second', () => {
  const stats = createStats();
  stats.countArrival(TICKETS, START_MS, false);
  stats.countArrival({ ...TICKETS, tenant: 'fabrikam' }, START_MS + 999, true);
  stats.countArrival(TICKETS, START_MS + 2000, false);
  stats.countArrival(PEOPLE, START_MS, false);
  const t = START_MS / 1000;
  assert.deepEqual(stats.read({ connection: 'tickets' }).perSecond, [
    { t, accepted: 1, refused: 1 },
    { t: t + 2, accepted: 1, refused: 0 },
  ]);
  assert.equal(stats.read({ connection: 'tickets', tenant: 'fabrikam' }).perSecond.length, 1);
});

test('seconds older than an hour are forgotten', () => {
  const stats = createStats();
  for (let second = 0; second < 4000; second++) stats.countArrival(TICKETS, START_MS + second * 1000, false);
  const { perSecond } = stats.read({});
  assert.equal(perSecond.length, 3600);
  assert.equal(perSecond[0]?.t, START_MS / 1000 + 400);
});

test('nothing is left after a clear', () => {
  const stats = createStats();
  stats.countArrival(TICKETS, START_MS, false);
  stats.countAnswer(TICKETS, { status: 200, entries: 1, appended: 1 });
  stats.clear();
  const empty = { calls: 0, byStatus: {}, activities: 0, meanFill: 0, perSecond: [] };
  assert.deepEqual([stats.read({}), stats.read({ connection: 'tickets' })], [empty, empty]);
});

test('the call log keeps the newest calls, oldest first', () => {
  const log = createCallLog();
  for (let call = 1; call <= CALLS_LOGGED_MAX + 5; call++) log.add({ call } as LoggedCall);
  const calls = log.list().map(({ call }) => call);
  assert.deepEqual([calls.length, calls[0], calls.at(-1)], [CALLS_LOGGED_MAX, 6, CALLS_LOGGED_MAX + 5]);
});
