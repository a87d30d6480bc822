/* status --watch, item and config check: what a person reads, and what a program gets. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';
import { pageOf } from '../src/commands/watch-status.ts';
import { withFakeConsole } from './support/fake-console.ts';

const BIN = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));
const NOW = Date.UTC(2026, 0, 1, 12);
const connection = (connectionId: string, more: object) => ({
  connectionId,
  state: 'flowing',
  urgency: 'flowing',
  stateText: 'delivering',
  remedy: null,
  pending: 5,
  oldestPendingAt: null,
  rates: null,
  quota: null,
  deadLetters: 0,
  parkedEntries: 0,
  timeToDrain: 'about 3 s',
  ...more,
});
const HELD = {
  urgency: 'stuck',
  stateText: 'held: credential expired',
  reason: 'AADSTS7000222',
  remedy: 'Renew the secret.',
  pending: 1,
};

test('the page says what is stuck, why and what to do above the table, and that a console is lost above what was last known', () => {
  const connections = [
    connection('fine', { pending: 9000, oldestPendingAt: new Date(NOW - 90_000).toISOString() }),
    connection('broken', HELD),
    connection('also', HELD),
  ];
  const last = { connections, workers: 2, atMs: NOW };
  const page = pageOf(last, null, { nowMs: NOW });
  assert.equal(page[0], 'Sluice  12:00:00 UTC  3 connections, 9,002 pending, 2 workers, 2 STUCK');
  const table = page.findIndex((line) => line.startsWith('CONNECTION'));
  assert.deepEqual(page.slice(1, table), [
    '',
    'broken, also: held: credential expired; 2 pending.',
    '  It said: AADSTS7000222',
    '  To do: Renew the secret.',
    '',
  ]);
  assert.equal(page[table]!.endsWith('EMPTY'), true, 'no room for a sentence in 80 columns');
  const wide = pageOf(last, null, { nowMs: NOW, columns: 120 });
  assert.match(wide.find((line) => line.startsWith('broken  '))!, /^broken +stuck .* held: credential expired$/);
  assert.match(page[table + 3]!, /^fine +flowing +9,000 +90 s /);
  const lost = pageOf(last, 'The console does not answer.', { nowMs: NOW + 7000 });
  assert.equal(lost[2], 'Not current: what follows is 7 s old. The console does not answer.');
  assert.deepEqual(pageOf(null, 'No.', { nowMs: NOW }).at(-1), 'No.');
  const none = pageOf({ ...last, workers: 0 }, null, { nowMs: NOW });
  assert.match(none[0]!, /NO workers/);
});

test('it is said for how long something is so, and numbers end at one edge', () => {
  const at = (ms: number) => new Date(NOW + ms).toISOString();
  const untaken = { urgency: 'stuck', stateText: 'no worker takes it', remedy: 'Start a worker.' };
  const rates = { appendedPerSecond: 16.96, deliveredPerSecond: 2 };
  const connections = [
    connection('held', { ...HELD, blockedSince: at(-200_000) }),
    connection('longer', { ...HELD, blockedSince: at(-7_300_000) }),
    connection('alone', { ...untaken, lastCallSeenAt: at(-31_000) }),
    connection('grows', { rates, timeToDrain: 'never at this rate', oldestPendingAt: at(-30_000) }),
    connection('bursts', { rates, timeToDrain: 'never at this rate', oldestPendingAt: at(-3000) }),
  ];
  const page = pageOf({ connections, workers: 0, atMs: NOW }, null, { nowMs: NOW, columns: 120 });
  assert.ok(page.includes('held, longer: held: credential expired, for 2 h; 2 pending.'), page.join('\n'));
  assert.ok(page.includes('alone: no worker takes it, no call for 31 s; 5 pending.'), page.join('\n'));
  const rows = page.slice(page.findIndex((line) => line.startsWith('CONNECTION')));
  const edge = rows[0]!.indexOf('OUT/S') + 'OUT/S'.length;
  assert.match(rows.find((row) => row.startsWith('grows'))!, /17\.0 +2\.0 .* grows /);
  assert.equal(rows.find((row) => row.startsWith('grows'))!.slice(edge - 3, edge), '2.0');
  assert.match(rows.find((row) => row.startsWith('bursts'))!, / keeps up /);
  const narrow = pageOf({ connections, workers: 0, atMs: NOW }, null, { nowMs: NOW, columns: 50 });
  assert.match(narrow.slice(0, 2).join(' '), /NO workers, 3 STUCK$/m, 'the first line is folded and not cut');
});

test('sentences are folded at the edge of the terminal and not cut', () => {
  const remedy = 'Put a new client secret where the workers have it from; releasing the hold tries at once.';
  const last = { connections: [connection('broken', { ...HELD, remedy })], workers: 1, atMs: NOW };
  const lines = pageOf(last, null, { nowMs: NOW, columns: 40 });
  const from = lines.findIndex((line) => line.startsWith('  To do:'));
  const told = lines.slice(from, lines.indexOf('', from));
  assert.ok(told.length > 1 && told.every((line) => line.length <= 40), told.join('\n'));
  assert.equal(told.join(' ').replaceAll(/ +/g, ' ').trim(), `To do: ${remedy} (sluice resume broken)`);
});

test('status --watch goes on until Ctrl-C, also while the console refuses, and exits 130', () =>
  withFakeConsole(
    (_asked, nth) =>
      nth === 2
        ? { status: 500, body: { detail: 'Redis is away.', code: 'store_unavailable' } }
        : { body: { connections: [connection('one', {})] } },
    async ({ url }) => {
      const child = spawn(process.execPath, [BIN, 'status', '--watch', '--json'], {
        env: { ...process.env, SLUICE_CONSOLE_URL: url },
      });
      let [out, err] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      await eventually(() => out.split('\n').length > 2, { withinMs: 30_000, what: 'two readings' });
      assert.match(err, /Redis is away/);
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [130, null]);
    },
  ));

test('item says what is true of it and why it is not there yet', () =>
  withFakeConsole(
    () => ({
      body: {
        itemId: 'a/1',
        connectionId: 'hr1',
        pending: 3,
        waiting: 2,
        inFlight: 0,
        retrying: 1,
        nextTryAt: '2026-01-01T00:00:00.000Z',
        lastCall: { at: '2026-01-01T00:00:00.000Z', status: 207, requestId: 'r-1', delivered: 4 },
        dead: 1,
        parked: 0,
        deadLettersMore: false,
        explanation: ['1 activity is tried again in 5 s.'],
      },
    }),
    async ({ asked, sluice }) => {
      const { code, out } = await sluice('item', 'hr1', 'a/1');
      assert.equal(code, 0);
      assert.equal(asked[0]!.path, '/api/v1/connections/hr1/items/a%2F1');
      assert.match(
        out,
        /^a\/1 of hr1: 3 pending \(2 waiting, 0 in a call, 1 to be tried again\), 1 dead, 0 parked\.\n/,
      );
      assert.match(out, /answered 207, delivered 4, Graph request-id r-1\.\n1 activity is tried again in 5 s\.\n$/);
      assert.equal((await sluice('item', 'hr1')).code, 2);
    },
  ));

test('config check says everything that is wrong at once, and exits 78', async () => {
  const check = (env: Record<string, string>, ...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [BIN, 'config', 'check', ...args],
        { env: { PATH: process.env['PATH'], ...env } },
        (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });
  const guid = '11111111-2222-4333-8444-555555555555';
  const right = { GRAPH_TENANT_ID: guid, GRAPH_CLIENT_ID: guid, GRAPH_CLIENT_SECRET: 'canary' };
  const good = await check({ ...right, SLUICE_LINGR_MS: '5' });
  assert.deepEqual([good.code, good.out.split('\n')[0]], [0, 'The settings are right.']);
  assert.match(good.err, /SLUICE_LINGR_MS is not a setting.*SLUICE_LINGER_MS/);
  const bad = await check({ ...right, SLUICE_LINGER_MS: 'soon', REDIS_URL: 'http://canary@h' }, '--json');
  assert.equal(bad.code, 78);
  const { ok, problems } = JSON.parse(bad.out) as { ok: boolean; problems: string[] };
  assert.equal(ok, false);
  assert.deepEqual(problems.map((problem) => problem.split(' ')[0]).sort(), ['REDIS_URL', 'SLUICE_LINGER_MS']);
  assert.doesNotMatch(bad.out + good.out + good.err, /canary/);
});
