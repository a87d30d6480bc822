import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findRunning } from './find-running.ts';
import { summaryOf, wrap } from './show-findings.ts';

const ADDRESSES = {
  intake: 'http://127.0.0.1:1',
  console: 'http://127.0.0.1:2',
  emulator: 'http://127.0.0.1:3',
  redis: 'redis://127.0.0.1:4',
};

function find(t: TestContext, addresses: object | null, env: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-running-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (addresses !== null) writeFileSync(join(folder, 'addresses.json'), JSON.stringify(addresses));
  return findRunning({ env: { SLUICE_DATA_DIR: folder, ...env }, cwd: folder, root: folder });
}

test('what runs under npm start is found with its addresses, and its emulator with a credential', (t) => {
  const { env, taken } = find(t, { pid: process.pid, ...ADDRESSES });
  assert.deepEqual(
    [env['SLUICE_URL'], env['SLUICE_CONSOLE_URL'], env['REDIS_URL'], env['GRAPH_BASE_URL']],
    ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'redis://127.0.0.1:4', 'http://127.0.0.1:3'],
  );
  assert.match(env['GRAPH_TOKEN_URL'] ?? '', /^http:\/\/127\.0\.0\.1:3\/5106ce00/);
  assert.match(taken ?? '', /`npm start` is running here .*its Graph is the emulator/);
});

test('what is set beats it: whoever names a tenant means that one, and not the emulator', (t) => {
  const own = { GRAPH_TENANT_ID: 'mine', SLUICE_URL: 'http://elsewhere' };
  const { env, taken } = find(t, { pid: process.pid, ...ADDRESSES }, own);
  assert.deepEqual(
    [env['GRAPH_TENANT_ID'], env['GRAPH_BASE_URL'], env['SLUICE_URL'], env['REDIS_URL']],
    ['mine', undefined, 'http://elsewhere', 'redis://127.0.0.1:4'],
  );
  assert.doesNotMatch(taken ?? '', /emulator/);
});

test('what has ended, or was never there, is not used', (t) => {
  for (const addresses of [null, { ...ADDRESSES }, { pid: 2 ** 22 + 1, ...ADDRESSES }]) {
    const { env, taken } = find(t, addresses);
    assert.deepEqual([taken, env['REDIS_URL']], [null, undefined]);
  }
});

test('lines are broken at spaces alone, and the last one says how many things are wrong', () => {
  assert.deepEqual(wrap('a bb  ccc\ndddd', 5), ['a bb', 'ccc', 'dddd']);
  assert.deepEqual(wrap('averylongword x', 5), ['averylongword', 'x']);
  const finding = (state: 'ok' | 'warn' | 'fail') => ({ area: 'redis', state, text: '', remedy: null });
  assert.equal(summaryOf([finding('ok')]), 'Nothing is wrong.');
  assert.equal(summaryOf([finding('warn')]), 'Nothing is wrong. One warning, worth a look.');
  assert.equal(summaryOf([finding('fail'), finding('fail')]), '2 things are wrong; begin with the first.');
});
