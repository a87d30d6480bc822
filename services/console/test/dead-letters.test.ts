/* /api/v1/connections/{id}/dead-letters, asked as an operator's program asks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDeadLetter, makePark, PERFORMER_ID } from '@sluice/testing';
import { openTestConsole, REF } from './open-test-console.ts';

const LETTERS = '/api/v1/connections/hr1/dead-letters';

test('a dead letter is listed and shown with its activity, reason, request-id, attempts and times', async () => {
  const { end, get } = openTestConsole();
  await end('a1', 1, makeDeadLetter({ code: 'gone', message: 'No.', requestId: 'request-9' }));
  const list = await get(LETTERS);
  assert.equal(list.status, 200);
  const [letter] = list.body.entries;
  const { id, ...rest } = letter;
  assert.deepEqual(rest, {
    state: 'dead',
    itemId: 'a1',
    activity: {
      type: 'viewed',
      startDateTime: '2026-01-01T00:00:01.000Z',
      performedBy: { type: 'user', id: PERFORMER_ID },
    },
    code: 'gone',
    message: 'No.',
    requestId: 'request-9',
    attempts: 1,
    acceptedAt: '2027-01-15T08:00:00.000Z',
    settledAt: '2027-01-15T08:00:01.000Z',
    receiptId: `s0${REF}`,
  });
  assert.equal(list.body.next, null);
  assert.deepEqual((await get(`${LETTERS}/${id}`)).body, letter);
  assert.equal((await get(`${LETTERS}/dead-1-1`)).body.code, 'dead_letter_not_found');
});

test('a list has pages of at most limit, and a filter passes what it names', async () => {
  const { end, get } = openTestConsole();
  await end('a1', 5);
  await end('b1', 3, makePark({ code: 'lost' }));
  const seen: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const page = await get(`${LETTERS}?limit=3${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`);
    assert.ok(page.body.entries.length <= 3);
    seen.push(...page.body.entries.map((entry: { id: string }) => entry.id));
    next = page.body.next;
  }
  assert.equal(new Set(seen).size, 8);
  assert.equal(seen.length, 8);
  const count = async (query: string) => (await get(`${LETTERS}?${query}`)).body.entries.length;
  assert.deepEqual(
    [await count('state=parked'), await count('code=lost'), await count('itemId=a1'), await count('code=none')],
    [3, 3, 5, 0],
  );
  assert.equal(await count('before=2027-01-15T08:00:01.500Z'), 5);
});

test('replay by filter answers what was done and wakes the connection; asked again it finds nothing', async () => {
  const { end, post, store, wakes, clock } = openTestConsole();
  await end('a1', 20);
  await end('b1', 2, makePark());
  const body = { filter: { state: 'dead' } };
  assert.deepEqual((await post(`${LETTERS}/replay`, body)).body, { matched: 20, done: 20, next: null });
  assert.deepEqual(wakes, [['hr1', clock.nowMs()]]);
  assert.deepEqual((await post(`${LETTERS}/replay`, body)).body, { matched: 0, done: 0, next: null });
  const view = await store.connection('hr1');
  assert.deepEqual([view?.pending, view?.replayed, view?.parkedEntries], [20, 20, 2]);
});

test('one request changes at most ten thousand, and the next goes on from there', async () => {
  const { end, post } = openTestConsole();
  for (let n = 0; n < 11; n++) await end(`item-${n}`, 1000);
  const first = await post(`${LETTERS}/discard`, { filter: {} });
  assert.deepEqual([first.body.matched, first.body.done], [10_000, 10_000]);
  assert.ok(first.body.next);
  const second = await post(`${LETTERS}/discard`, { filter: {}, cursor: first.body.next });
  assert.deepEqual(second.body, { matched: 1000, done: 1000, next: null });
});

test('one request finds what a filter means behind many that it does not', async () => {
  const { end, post } = openTestConsole();
  for (const item of ['a', 'b', 'c']) await end(item, 400);
  await end('d', 7, makeDeadLetter({ code: 'rare' }));
  const answer = await post(`${LETTERS}/replay`, { filter: { code: 'rare' } });
  assert.deepEqual(answer.body, { matched: 7, done: 7, next: null });
});

test('discard by id removes those and no others, more than fit into one piece', async () => {
  const { end, get, post, store } = openTestConsole();
  for (const item of ['a', 'b', 'c']) await end(item, 400);
  const ids: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const page = await get(`${LETTERS}?limit=1000${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`);
    ids.push(...page.body.entries.map((entry: { id: string }) => entry.id));
    next = page.body.next;
  }
  const chosen = ids.slice(0, 1100);
  const answer = await post(`${LETTERS}/discard`, { ids: [...chosen, 'dead-1-1'] });
  assert.deepEqual(answer.body, { matched: 1100, done: 1100, next: null });
  const view = await store.connection('hr1');
  assert.deepEqual([view?.deadLetters, view?.discardedDead], [100, 1100]);
});

test('a full backlog stops a replay: what fits is done, and the rest is answered 503 until there is room', async () => {
  const { end, post } = openTestConsole({ SLUICE_PENDING_MAX: '3' });
  await end('a1', 3);
  await end('a2', 2);
  const first = await post(`${LETTERS}/replay`, { filter: {} });
  assert.deepEqual([first.status, first.body.done], [200, 3]);
  const full = await post(`${LETTERS}/replay`, { filter: {}, cursor: first.body.next });
  assert.deepEqual([full.status, full.body.code, full.headers['retry-after']], [503, 'backlog_full', '10']);
});

test('what is not exactly as it must be is refused with a pointer, and nothing is changed', async () => {
  const { end, get, post, store } = openTestConsole();
  await end('a1', 1);
  const refused: readonly (readonly [body: unknown, pointer: string])[] = [
    [{}, '#'],
    [[], '#'],
    [{ ids: ['dead-1-1'], filter: {} }, '#'],
    [{ ids: [] }, '#/ids'],
    [{ ids: [7] }, '#/ids/0'],
    [{ ids: Array.from({ length: 10_001 }, () => 'x') }, '#/ids'],
    [{ ids: ['x'], cursor: 'y' }, '#/cursor'],
    [{ filter: { stat: 'dead' } }, '#/filter/stat'],
    [{ filter: { state: 'alive' } }, '#/filter/state'],
    [{ filter: { code: '' } }, '#/filter/code'],
    [{ filter: { itemId: 'a b' } }, '#/filter/itemId'],
    [{ filter: { before: '2026-01-31' } }, '#/filter/before'],
    [{ filter: null }, '#/filter'],
    [{ filter: {}, cursor: 'nonsense' }, '#/cursor'],
    [{ filter: {}, all: true }, '#/all'],
  ];
  for (const [body, pointer] of refused) {
    const answer = await post(`${LETTERS}/discard`, body);
    assert.deepEqual([answer.status, answer.body.pointer], [400, pointer], JSON.stringify(body).slice(0, 80));
    assert.match(String(answer.headers['content-type']), /application\/problem\+json/);
  }
  const queries: readonly (readonly [query: string, pointer: string])[] = [
    ['state=x', '#/state'],
    ['limit=0', '#/limit'],
    ['limit=1001', '#/limit'],
    ['cursor=x', '#/cursor'],
    ['stat=dead', '#/stat'],
    ['state=dead&state=parked', '#/state'],
  ];
  for (const [query, pointer] of queries) {
    const answer = await get(`${LETTERS}?${query}`);
    assert.deepEqual([answer.status, answer.body.pointer], [400, pointer], query);
  }
  assert.equal((await post(`${LETTERS}/replay`)).body.code, 'body_empty');
  assert.equal((await store.connection('hr1'))?.deadLetters, 1);
});

test('a connection that nothing was ever accepted for is not found, whatever its name looks like', async () => {
  const { end, get, post } = openTestConsole();
  await end('a1', 1);
  for (const id of ['other', 'hr1:i', 'x', '..%2Fhr1', 'hr1%3Ameta']) {
    const base = `/api/v1/connections/${id}`;
    const answers = [
      await get(base),
      await get(`${base}/dead-letters`),
      await post(`${base}/dead-letters/discard`, { filter: {} }),
      await post(`${base}/pause`),
    ];
    for (const answer of answers)
      assert.deepEqual([answer.status, answer.body.code], [404, 'connection_not_found'], id);
  }
});

test('a store that does not answer is a 503 that says so', async () => {
  const { post, get } = openTestConsole({}, { faults: { connection: () => Promise.reject(new Error('away')) } });
  for (const answer of [await get(LETTERS), await post(`${LETTERS}/replay`, { filter: {} })]) {
    assert.deepEqual([answer.status, answer.body.code, answer.headers['retry-after']], [503, 'store_unavailable', '1']);
  }
});
