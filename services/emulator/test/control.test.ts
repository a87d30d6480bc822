import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/testing';
import { DEFAULT_BEHAVIOR } from '../src/behavior/behavior.ts';
import { startWith } from './client.ts';

test('a behaviour replaces the one before: what is missing is the default again', async (t) => {
  const { json, behave } = await startWith(t, { rate: 3 });
  assert.equal((await json({ path: '/emulator/behavior' })).rate, 3);
  await behave({ seed: 2 });
  assert.deepEqual(await json({ path: '/emulator/behavior' }), { ...DEFAULT_BEHAVIOR, seed: 2 });
});

test('a wrong behaviour is refused by member and rule, and the one in force stays', async (t) => {
  const { send, json } = await startWith(t, { rate: 3 });
  const refuse = async (body: string) => {
    const seen = await send({ method: 'PUT', path: '/emulator/behavior', body });
    assert.equal(seen.status, 400);
    return JSON.parse(seen.text).error;
  };
  const { code, message, problems } = await refuse('{"rate":"fast","rats":1}');
  assert.equal(code, 'invalidBehavior');
  assert.match(message, /^rate must be a number above 0 .*; it is "fast"\nrats is not known; known are rate, /);
  assert.deepEqual(
    problems.map(({ member }: { member: string }) => member),
    ['rate', 'rats'],
  );
  assert.equal((await refuse('{')).code, 'notJson');
  assert.equal((await json({ path: '/emulator/behavior' })).rate, 3);
});

test('stats count calls, fill, seconds and the background client, and a reset empties all but the behaviour', async (t) => {
  const clock = manualClock(1_800_000_000_000);
  const limits = { rate: 2, burst: 2, background: { rate: 1 }, accrueThrottled: false };
  const { call, stats, send, json, ledger } = await startWith(t, limits, { clock });
  await call({ entries: 20 });
  await call({ entries: 10 });
  await call();
  await clock.advance(2000);
  await call({ connection: 'people', entries: 3 });
  const { background, byStatus, perSecond, ...rest } = await stats();
  assert.deepEqual(byStatus, { '200': 3, '429': 1 });
  assert.deepEqual([rest.calls, rest.activities, rest.meanFill], [4, 33, 11]);
  assert.deepEqual(perSecond, [
    { t: 1_800_000_000, accepted: 2, refused: 1 },
    { t: 1_800_000_002, accepted: 1, refused: 0 },
  ]);
  assert.deepEqual(background, { accepted: 2, refused: 0 });
  assert.deepEqual((await stats('?connection=people')).byStatus, { '200': 1 });

  assert.equal((await send({ method: 'POST', path: '/emulator/reset' })).status, 204);
  assert.deepEqual(
    [(await stats()).calls, await ledger(), (await send({ path: '/emulator/calls' })).text],
    [0, [], ''],
  );
  assert.equal((await json({ path: '/emulator/behavior' })).rate, 2);
  assert.deepEqual([(await call()).status, (await call()).status], [200, 200], 'the quota is full again');
});

test('the ledger is read by connection and item as NDJSON', async (t) => {
  const { call, ledger, send } = await startWith(t, {});
  await call({ connection: 'tickets', item: 'a1', entries: 1 });
  await call({ connection: 'tickets', item: 'a2', entries: 1 });
  await call({ connection: 'people', item: 'a1', entries: 1 });
  assert.equal((await send({ path: '/emulator/ledger' })).headers['content-type'], 'application/x-ndjson');
  const where = (lines: { connection: string; item: string }[]) =>
    lines.map((line) => `${line.connection}/${line.item}`);
  assert.deepEqual(where(await ledger()), ['tickets/a1', 'tickets/a2', 'people/a1']);
  assert.deepEqual(where(await ledger('?connection=tickets&item=a2')), ['tickets/a2']);
  assert.deepEqual(where(await ledger('?item=a1')), ['tickets/a1', 'people/a1']);
});

test('the front page names the routes, and what is not there is said', async (t) => {
  const { send } = await startWith(t, {});
  const page = await send({ path: '/' });
  assert.match(page.text, /PUT {2}\/emulator\/behavior/);
  assert.equal((await send({ path: '/health/live' })).status, 200);
  assert.equal((await send({ path: '/nothing' })).status, 404);
  const wrong = await send({ method: 'DELETE', path: '/emulator/behavior' });
  assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'GET, PUT']);
});
