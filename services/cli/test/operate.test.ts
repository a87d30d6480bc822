/* status, pause, resume, dead: what is asked of the console, what is said of its answers, and the exit codes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { withFakeConsole } from './support/fake-console.ts';

const LETTERS = '/api/v1/connections/hr1/dead-letters';
const COUNTS = { deadLetters: 25, parkedEntries: 5 };
const letter = (n: number) => ({
  id: `dead-${n}-0`,
  state: 'dead',
  itemId: `a${n}`,
  activity: { type: 'viewed', startDateTime: '2026-01-01T00:00:00.000Z', performedBy: { type: 'user', id: 'u' } },
  code: 'invalidRequest',
  message: 'No.\nNever.',
  requestId: 'r',
  attempts: 1,
  acceptedAt: '2026-01-01T00:00:00.000Z',
  settledAt: '2026-01-01T00:00:01.000Z',
  receiptId: null,
});

test('status is a table of the connections, and the console’s own answer with --json', async () => {
  const hr = { connectionId: 'hr1', state: 'closed', pending: 7, oldestPendingAt: null, rates: null, quota: null };
  const body = { connections: [{ ...hr, ...COUNTS, timeToDrain: 'never at this rate' }] };
  await withFakeConsole(
    () => ({ body }),
    async ({ asked, sluice }) => {
      const table = await sluice('status');
      assert.deepEqual([table.code, table.err], [0, '']);
      assert.match(table.out, /^CONNECTION +STATE +PENDING[^\n]*IN WORDS\nhr1 +closed +7 .*25 +5 +never +closed\n$/);
      assert.deepEqual(JSON.parse((await sluice('status', '--json')).out), body);
      assert.deepEqual([asked[0]!.path, asked[0]!.authorization], ['/api/v1/connections', 'Bearer key-1']);
    },
  );
});

test('pause and resume are posted, and say what the connection is then', () =>
  withFakeConsole(
    ({ path }) => ({
      body: { connectionId: 'hr1', state: path.endsWith('pause') ? 'paused' : 'idle', stateText: 'so' },
    }),
    async ({ asked, sluice }) => {
      assert.deepEqual(await sluice('pause', 'hr1'), { code: 0, out: 'hr1: so.\n', err: '' });
      assert.equal((await sluice('resume', 'hr1', '--json')).code, 0);
      assert.deepEqual(
        asked.map(({ method, path }) => `${method} ${path}`),
        ['POST /api/v1/connections/hr1/pause', 'POST /api/v1/connections/hr1/resume'],
      );
    },
  ));

test('a replay goes on from next, waits where it is told to, and counts what was done', () =>
  withFakeConsole(
    ({ method }, nth) => {
      if (method === 'GET') return { body: COUNTS };
      if (nth === 2) return { body: { matched: 20, done: 20, next: 'c1' } };
      if (nth === 3) return { status: 503, retryAfter: 1, body: { code: 'backlog_full', detail: 'Full.' } };
      return { body: { matched: 10, done: 10, next: null } };
    },
    async ({ asked, sluice }) => {
      const answer = await sluice('dead', 'replay', 'hr1', '--state', 'dead', '--item', 'a1');
      assert.deepEqual(answer, { code: 0, out: '30 replayed.\n', err: '' });
      const filter = { state: 'dead', itemId: 'a1' };
      const bodies = asked.slice(1).map(({ path, body }) => [path, body]);
      const first = { filter, cursor: null };
      const on = { filter, cursor: 'c1' };
      assert.deepEqual(
        bodies,
        [first, on, on].map((body) => [`${LETTERS}/replay`, body]),
      );
    },
  ));

test('ids that did not fit are asked for again; ids that are gone are said, with exit code 1', () =>
  withFakeConsole(
    (_asked, nth) => ({ body: nth === 1 ? { matched: 2, done: 1, next: null } : { matched: 1, done: 1, next: null } }),
    async ({ asked, sluice }) => {
      const answer = await sluice('dead', 'discard', 'hr1', 'dead-1-0', 'dead-2-0', 'dead-3-0', '--json');
      assert.deepEqual([answer.code, answer.out], [1, '{"done":2}\n']);
      assert.match(answer.err, /1 of the ids is not there any more/);
      assert.equal(asked.length, 2);
    },
  ));

test('a failure after some was done says how much, and exits 1', () =>
  withFakeConsole(
    ({ method }, nth) => {
      if (method === 'GET') return { body: COUNTS };
      if (nth === 2) return { body: { matched: 20, done: 20, next: 'c1' } };
      return { status: 400, body: { code: 'cursor_invalid', detail: 'cursor must be…' } };
    },
    async ({ sluice }) => {
      const answer = await sluice('dead', 'replay', 'hr1', '--all');
      assert.deepEqual([answer.code, answer.out], [1, '']);
      assert.match(answer.err, /cursor must be.*400 cursor_invalid[\s\S]*20 replayed before that/);
    },
  ));

test('an export has a line for each, as the intake takes them, over all pages', () =>
  withFakeConsole(
    ({ path }) => ({
      body: path.includes('cursor=c1')
        ? { entries: [letter(3)], next: null }
        : { entries: [letter(1), letter(2)], next: 'c1' },
    }),
    async ({ sluice }) => {
      const { code, out } = await sluice('dead', 'export', 'hr1', '--code', 'invalidRequest');
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(code, 0);
      assert.deepEqual(
        lines,
        [1, 2, 3].map((n) => ({ itemId: `a${n}`, ...letter(n).activity })),
      );
    },
  ));

test('an export says what it could not tell, and exits 1', () =>
  withFakeConsole(
    () => ({ body: { entries: [letter(1), { ...letter(2), activity: null }], next: null } }),
    async ({ sluice }) => {
      const { code, out, err } = await sluice('dead', 'export', 'hr1');
      assert.deepEqual([code, out.trimEnd().split('\n').length], [1, 1]);
      assert.match(err, /1 could not be exported/);
    },
  ));

test('a list is one line each up to its limit, and says that there are more', () =>
  withFakeConsole(
    () => ({ body: { entries: [letter(1), letter(2), letter(3)], next: 'c1' } }),
    async ({ asked, sluice }) => {
      const { code, out, err } = await sluice('dead', 'list', 'hr1', '--limit', '2');
      assert.equal(code, 0);
      assert.equal(out.split('\n').length, 4);
      assert.match(out, /dead-1-0 +dead +a1 +invalidRequest +1 +2026-01-01T00:00:01.000Z +No\. Never\.\n/);
      assert.match(err, /There are more/);
      assert.equal(asked[0]!.path, `${LETTERS}?limit=3`);
      assert.equal(JSON.parse((await sluice('dead', 'list', 'hr1', '--json', '--limit', '3')).out).more, true);
    },
  ));

test('show is everything of one, and what is not there exits 1 with the console’s sentence', () =>
  withFakeConsole(
    ({ path }) =>
      path.endsWith('dead-1-0')
        ? { body: letter(1) }
        : { status: 404, body: { code: 'dead_letter_not_found', detail: 'Gone.' } },
    async ({ sluice }) => {
      assert.deepEqual(JSON.parse((await sluice('dead', 'show', 'hr1', 'dead-1-0')).out), letter(1));
      const gone = await sluice('dead', 'show', 'hr1', 'dead-2-0');
      assert.deepEqual([gone.code, gone.out], [1, '']);
      assert.match(gone.err, /^Gone\. \(404 dead_letter_not_found/);
    },
  ));

test('who did it is shown, and does nothing to a terminal', () =>
  withFakeConsole(
    () => ({ body: { ...letter(1), activity: { performedBy: { type: 'externalGroup', id: 'a\u009b2Jb\u007f' } } } }),
    async ({ sluice }) => {
      const shown = (await sluice('dead', 'show', 'hr1', 'dead-1-0')).out;
      assert.match(shown, /"id": "a\ufffd2Jb\ufffd"/);
      const told = JSON.parse((await sluice('dead', 'show', 'hr1', 'dead-1-0', '--json')).out);
      assert.equal(told.activity.performedBy.id, 'a\u009b2Jb\u007f', 'for programs it is as it is');
    },
  ));

const erasure = (state: string, parts: object = {}) => ({
  erasureId: 'e1',
  state,
  connections: 2,
  connectionsDone: 1,
  erased: { pending: 3, dead: 1, parked: 0 },
  inFlight: 0,
  ...parts,
});

test('an erasure is followed to its end, and asked for again when its console stopped or nobody knows it any more', () =>
  withFakeConsole(
    (_asked, nth) => {
      if (nth <= 2) return { status: nth === 1 ? 202 : 200, body: erasure('running') };
      if (nth === 3) return { status: 404, body: { code: 'erasure_not_found', detail: 'Not known.' } };
      if (nth === 4) return { status: 202, body: erasure('running') };
      if (nth === 5) return { body: erasure('unfinished') };
      return { body: erasure('finished', { connectionsDone: 2 }) };
    },
    async ({ asked, sluice }) => {
      const { code, out, err } = await sluice('erase', 'Wien Süd');
      assert.deepEqual([code, err], [0, '']);
      assert.match(
        out,
        /^Erased: 3 pending, 1 dead, 0 parked, on 2 of 2 connections\.\nNothing of this performer is kept/,
      );
      const performer = 'DELETE /api/v1/performers/Wien%20S%C3%BCd';
      const look = 'GET /api/v1/erasures/e1';
      assert.deepEqual(
        asked.map(({ method, path }) => `${method} ${path}`),
        [performer, look, look, performer, look, performer],
      );
    },
  ));

test('an erasure that may have left something exits 1 and says what; one that is refused too', () =>
  withFakeConsole(
    (_asked, nth) =>
      nth === 1
        ? { body: erasure('unfinished', { inFlight: 2 }) }
        : { status: 503, retryAfter: 1, body: { code: 'store_unavailable', detail: 'Away.' } },
    async ({ sluice }) => {
      const { code, out } = await sluice('erase', 'somebody', '--json');
      assert.deepEqual([code, JSON.parse(out).inFlight], [1, 2]);
      const away = await sluice('erase', 'somebody');
      assert.deepEqual([away.code, away.out], [1, '']);
      assert.match(away.err, /^Away\. \(503 store_unavailable/);
    },
  ));

test('what cannot be meant exits 2 and asks the console nothing', () =>
  withFakeConsole(
    () => ({ body: {} }),
    async ({ asked, sluice }) => {
      const wrong = [
        ['dead'],
        ['dead', 'replya', 'hr1'],
        ['dead', 'replay'],
        ['dead', 'replay', 'hr1'],
        ['dead', 'discard', 'hr1', 'dead-1-0', '--all'],
        ['dead', 'discard', 'hr1', '--stat', 'dead'],
        ['dead', 'list', 'hr1', '--limit', 'many'],
        ['pause'],
        ['resume', 'hr1', 'hr2'],
        ['status', 'hr1'],
        ['erase'],
        ['erase', 'one', 'two'],
      ];
      for (const args of wrong) assert.equal((await sluice(...args)).code, 2, args.join(' '));
      assert.match((await sluice('dead', 'discard', 'hr1', '--stat', 'dead')).err, /Did you mean --state\?/);
      assert.equal(asked.length, 0);
    },
  ));

test('forget asks again until nothing is left, and says what was discarded; what is refused exits 1 with the reason', () =>
  withFakeConsole(
    ({ path }, nth) => {
      if (path.endsWith('/busy')) {
        return { status: 409, body: { code: 'connection_holds', detail: 'The connection holds activities.' } };
      }
      const forgotten = nth >= 3;
      return {
        status: forgotten ? 200 : 202,
        body: { connectionId: 'typo', forgotten, discarded: forgotten ? 1 : 10_000, pending: forgotten ? 0 : 9 },
      };
    },
    async ({ asked, sluice }) => {
      const done = await sluice('forget', 'typo', '--discard-pending');
      assert.deepEqual([done.code, done.out], [0, 'typo is forgotten. 20001 that waited were discarded.\n']);
      assert.deepEqual(
        asked.map(({ method, path }) => `${method} ${path}`),
        Array.from({ length: 3 }, () => 'DELETE /api/v1/connections/typo?pending=discard'),
      );
      const refused = await sluice('forget', 'busy');
      assert.equal(refused.code, 1);
      assert.match(refused.err, /The connection holds activities\. \(409 connection_holds/);
      assert.equal((await sluice('forget')).code, 2);
    },
  ));
