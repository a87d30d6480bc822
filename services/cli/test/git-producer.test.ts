/* A repository that the test makes, a real git, a real HTTP intake that only counts. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { ITEM_ID } from '@sluice/core';
import type { OutgoingActivity } from '../src/producer/make-git-activity.ts';
import { openGitHistory } from '../src/producer/open-git-history.ts';
import { prepareProducer } from '../src/producer/prepare-producer.ts';
import { openScreen } from '../src/start/screen.ts';
import type { Output } from '../src/world.ts';

const ODD_NAMES = [
  'with space',
  'quo"te\'s',
  'ümläut',
  'line\nfeed',
  '\u0001looks like a commit',
  '日本/語',
  '-dash',
  'back\\slash',
];

function makeRepository(t: TestContext): { readonly path: string; readonly git: (...args: string[]) => string } {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-git-')), 'My Repo');
  t.after(() => rmSync(join(path, '..'), { recursive: true }));
  mkdirSync(path);
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'Ada@example.org',
    GIT_AUTHOR_DATE: '2024-02-29T23:59:59+0530',
    GIT_COMMITTER_NAME: 'Bob',
    GIT_COMMITTER_EMAIL: 'bob@example.org',
  };
  const git = (...args: string[]) => execFileSync('git', args, { cwd: path, env, encoding: 'utf8' });
  git('init', '-q', '-b', 'main');
  return { path, git };
}

function write(path: string, name: string, text: string): void {
  mkdirSync(join(path, name, '..'), { recursive: true });
  writeFileSync(join(path, name), text);
}

async function startIntake(t: TestContext) {
  const activities: OutgoingActivity[] = [];
  const paths = new Set<string>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    paths.add(request.url ?? '');
    const json = (status: number, value: object) => response.writeHead(status).end(JSON.stringify(value));
    if (request.method === 'GET') return json(200, { final: true, counts: { delivered: activities.length } });
    const posted: OutgoingActivity[] = JSON.parse(body).activities;
    activities.push(...posted);
    return json(202, { receiptId: 'r1', accepted: posted.length, duplicates: 0, rejected: [] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, activities, paths };
}

async function feed(t: TestContext, path: string) {
  const intake = await startIntake(t);
  const producer = await prepareProducer(path);
  if ('problem' in producer) assert.fail(producer.problem);
  const said: string[] = [];
  const out = { on: () => out, write: (text: string) => said.push(text) > 0 } as unknown as Output;
  const unknown = { accepted: null, delivered: null, pending: null, calls: null, taken: null, fill: null };
  const exitCode = await producer.run({
    intake: intake.url,
    totals: { read: async () => unknown, close: async () => undefined },
    screen: openScreen(out, out),
    err: out,
    signal: new AbortController().signal,
  });
  return { ...intake, exitCode, said: said.join('') };
}

test('each commit and file is one activity, whatever the file is called', async (t) => {
  const { path, git } = makeRepository(t);
  for (const name of ODD_NAMES) write(path, name, 'one');
  git('add', '-A');
  git('commit', '-qm', 'all');
  git('commit', '-q', '--allow-empty', '-m', 'nothing');
  write(path, 'ümläut', 'two');
  git('commit', '-qam', 'again');
  git('mv', 'with space', 'moved');
  git('commit', '-qm', 'a move is a new file and one that is gone');
  rmSync(join(path, 'ümläut'));
  symlinkSync('moved', join(path, 'ümläut'));
  git('commit', '-qam', 'another type');
  git('rm', '-q', 'moved');
  git('commit', '-qm', 'gone');

  const { activities, paths, exitCode, said } = await feed(t, path);
  assert.equal(exitCode, 0);
  assert.deepEqual([...paths], ['/v1/connections/gitMyRepo/activities', '/v1/receipts/r1']);
  assert.match(said, /Feeding 6 commits of My Repo to connection gitMyRepo/);
  assert.match(said, /Fed: accepted 11, delivered 11, [\d.]+ s\.\n/);
  const types = activities.map(({ type }) => type);
  assert.deepEqual(types, [...ODD_NAMES.map(() => 'created'), 'modified', 'created', 'modified']);
  assert.equal(new Set(activities.map(({ itemId }) => itemId)).size, ODD_NAMES.length + 1);
  assert.equal(new Set(activities.map(({ id }) => id)).size, activities.length);
  for (const { itemId, startDateTime } of activities) {
    assert.match(itemId, ITEM_ID);
    assert.equal(startDateTime, '2024-02-29T18:29:59.000Z');
  }
  assert.equal(new Set(activities.map(({ performedBy }) => performedBy.id)).size, 1);
  const again = await feed(t, path);
  assert.deepEqual(again.activities, activities);
});

test('merges are no activities of their own, and a person’s own git settings change nothing', async (t) => {
  const { path, git } = makeRepository(t);
  const settings = [
    'log.showRoot false',
    'diff.renames true',
    'log.showSignature true',
    'color.ui always',
    'log.diffMerges first-parent',
    'diff.noprefix true',
    'diff.relative true',
  ];
  for (const setting of settings) git('config', ...setting.split(' '));
  write(path, 'sub/a', 'one');
  git('add', '-A');
  git('commit', '-qm', 'a');
  git('checkout', '-qb', 'side');
  write(path, 'b', 'b');
  git('add', '-A');
  git('commit', '-qm', 'b');
  git('checkout', '-q', 'main');
  write(path, 'c', 'c');
  git('add', '-A');
  git('commit', '-qm', 'c');
  git('merge', '-q', '-m', 'merge', 'side');
  const { activities } = await feed(t, join(path, 'sub'));
  assert.deepEqual(activities.map(({ itemId }) => itemId.replace(/-?[0-9a-f]{20}$/, '')).sort(), ['b', 'c', 'sub-a']);
});

test('a bare repository is read too, and called by its folder', async (t) => {
  const { path, git } = makeRepository(t);
  write(path, 'a', 'one');
  git('add', '-A');
  git('commit', '-qm', 'a');
  git('clone', '-q', '--bare', '.', '../bare.git');
  const { activities, paths } = await feed(t, join(path, '..', 'bare.git'));
  assert.equal(activities.length, 1);
  assert.ok(paths.has('/v1/connections/gitbare/activities'));
});

test('what has no history to read is said in a sentence', async (t) => {
  const { path } = makeRepository(t);
  const problem = async (at: string) => ((await openGitHistory(at)) as { problem?: string }).problem ?? '';
  assert.match(await problem(path), /has no commits yet/);
  assert.match(
    await problem(join(path, 'missing')),
    /missing is not a git repository that can be read\. git says: .*missing/,
  );
  const folder = mkdtempSync(join(tmpdir(), 'sluice-plain-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.match(await problem(folder), /is not a git repository/);
});

test('a stop in the middle ends git, and is no error', async (t) => {
  const { path, git } = makeRepository(t);
  // More than a pipe holds, so that git cannot have ended by itself.
  for (let n = 0; n < 2000; n++) write(path, `${n}-${'x'.repeat(200)}`, '');
  git('add', '-A');
  git('commit', '-qm', 'a');
  const history = await openGitHistory(path);
  if ('problem' in history) assert.fail(history.problem);
  const stop = new AbortController();
  let bytes = 0;
  for await (const chunk of history.read(stop.signal)) {
    bytes += chunk.length;
    stop.abort();
  }
  assert.ok(bytes > 0 && bytes < 2000 * 200, `${bytes} bytes`);
});
