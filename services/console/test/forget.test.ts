/* A connection that nobody needs any more: refused while it holds something, discarded only on a clear word, and written down. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEntries, makePiece, makeTake } from '@sluice/testing';
import { CONNECTION, openTestConsole } from './open-test-console.ts';

const PATH = `/api/v1/connections/${CONNECTION}`;

test('what holds something is not forgotten, and the answer says what and what to do', async () => {
  const { store, get, delete: forget, end } = openTestConsole();
  assert.equal((await forget(PATH)).status, 404);
  await end('a', 2);
  const refused = await forget(PATH);
  const { code, pending, deadLetters, parkedEntries, detail } = refused.body;
  assert.deepEqual([refused.status, code, pending, deadLetters, parkedEntries], [409, 'connection_holds', 0, 2, 0]);
  assert.match(detail, /replay or discard/);
  const bounds = { lookedAtMax: 10, chosenMax: 10, deadLettersMax: 10 };
  await store.discard({ connectionId: CONNECTION, choice: { filter: {}, cursor: null }, ...bounds });
  const { status, body } = await forget(PATH);
  assert.deepEqual([status, body.forgotten, body.discarded], [200, true, 0]);
  assert.deepEqual((await get('/api/v1/connections')).body.connections, []);
});

test('what waits is discarded on a clear word, while the connection stands still, however much it is', async () => {
  const { store, get, post, delete: forget } = openTestConsole();
  const groups = Array.from({ length: 3 }, (_, n) => ({
    itemId: `i${n}`,
    entries: makeEntries(400, { from: n * 400 }),
  }));
  await store.append(makePiece({ connectionId: CONNECTION, groups }));
  for (const query of ['?pending=all', '?pendng=discard', '?pending=']) {
    assert.equal((await forget(`${PATH}${query}`)).body.code, 'parameter_invalid', query);
  }
  assert.equal((await forget(PATH)).body.code, 'connection_holds');
  const moving = await forget(`${PATH}?pending=discard`);
  assert.deepEqual([moving.status, moving.body.code, moving.body.pending], [409, 'connection_moving', 1200]);
  await post(`${PATH}/pause`);
  const { status, body } = await forget(`${PATH}?pending=discard`);
  assert.deepEqual([status, body.forgotten, body.discarded, body.pending], [200, true, 1200, 0]);
  assert.equal((await get(PATH)).status, 404);
  const { entries } = (await get('/api/v1/audit')).body;
  assert.deepEqual(
    [entries[0].action, entries[0].connectionId, entries[0].detail],
    ['forget', CONNECTION, '1200 pending discarded'],
  );
});

test('what is in a call has to come to its end: the answer says to ask again', async () => {
  const { store, post, delete: forget, clock } = openTestConsole();
  await store.append(
    makePiece({ connectionId: CONNECTION, lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(5) }] }),
  );
  await clock.advance(10);
  const lease = await store.take(
    makeTake({ connectionId: CONNECTION, lingerMs: 0, entriesMax: 2, intervalInitialUs: 1 }),
  );
  assert.equal(lease.status, 'leased');
  await post(`${PATH}/pause`);
  const { status, headers, body } = await forget(`${PATH}?pending=discard`);
  assert.deepEqual(
    [status, headers['retry-after'], body.forgotten, body.discarded, body.pending],
    [202, '1', false, 3, 2],
  );
});
