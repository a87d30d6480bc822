/* `npm start` with the real services: the example works as it is printed, and after a kill -9 nothing runs on and nothing is lost. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually, startRedis } from '@sluice/testing';
import { parentOf } from '../src/launch/is-running.ts';
import { waitUntilGone } from './support/launched.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const READY_MS = 60_000;
const GONE_MS = 30_000;

function start(
  t: TestContext,
  folder: string,
  args: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
) {
  const env = { ...process.env, PORT: '0', SLUICE_DATA_DIR: folder, ...more };
  const child = spawn(process.execPath, [MAIN, 'start', ...args], { env });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const out = () => said.join('');
  const say = async (pattern: RegExp) =>
    eventually(() => (pattern.test(out()) ? true : child.exitCode !== null && assert.fail(out())), {
      withinMs: READY_MS,
      what: `it says ${pattern}`,
    });
  return { child, exited, out, say };
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-whole-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every process whose parent is that one, as Linux tells it. */
function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => candidate > 0 && parentOf(candidate) === pid);
}

test('what is pasted is delivered; a kill -9 leaves no process and loses nothing; the next start goes on', {
  skip: !existsSync('/proc/self/stat'),
}, async (t) => {
  const folder = makeFolder(t);
  const first = start(t, folder);
  await first.say(/^curl -i .*$/m);
  const curl = /^curl -i (\S+) .*-d '(.*)'$/m.exec(first.out());
  const post = (url: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: curl?.[2] ?? '' });
  const answer = await post(curl?.[1] ?? '');
  assert.equal(answer.status, 202);
  const { emulator } = JSON.parse(readFileSync(join(folder, 'addresses.json'), 'utf8'));
  const ledger = async (url: string) =>
    (await (await fetch(`${url}/emulator/ledger`)).text()).split('\n').filter(Boolean);
  await eventually(async () => (await ledger(emulator)).length === 1, {
    withinMs: READY_MS,
    what: 'it is in the ledger',
  });

  // Accepted, and killed before it can be delivered.
  assert.equal((await post((curl?.[1] ?? '').replace('welcome', 'kept'))).status, 202);
  const pids = childrenOf(first.child.pid ?? 0);
  assert.ok(pids.length >= 6, `${pids}`);
  first.child.kill('SIGKILL');
  await waitUntilGone(pids, GONE_MS);

  const second = start(t, folder);
  await second.say(/^curl -i /m);
  const again: { emulator: string } = JSON.parse(readFileSync(join(folder, 'addresses.json'), 'utf8'));
  await eventually(async () => (await ledger(again.emulator)).some((line) => line.includes('"kept"')), {
    withinMs: READY_MS,
    what: 'the second is in the ledger',
  });
  second.child.kill('SIGINT');
  assert.equal(await second.exited, 0, second.out());
  assert.match(second.out(), /Stopped\. Nothing is pending\.\n$/);
  assert.equal(existsSync(join(folder, 'addresses.json')), false);
});

async function makeRepository(folder: string): Promise<string> {
  const repository = join(folder, 'repository');
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args]);
  await git('init', '-q', repository);
  for (let n = 0; n < 5; n++) await git('-C', repository, 'commit', '-q', '--allow-empty', '-m', `${n}`);
  await promisify(execFile)('cp', [MAIN, join(repository, 'ä file')]);
  await git('-C', repository, 'add', '-A');
  await git('-C', repository, 'commit', '-q', '-m', 'a file');
  return repository;
}

const FED =
  /Fed: accepted (\d+), delivered \1, calls \d+, mean fill [\d.]+, [\d.]+ s\.\nStopped\. Nothing is pending\./;

test('a producer with --exit feeds a history to the last activity and exits 0', async (t) => {
  const folder = makeFolder(t);
  const repository = await makeRepository(folder);
  const run = start(t, folder, ['--producer', `git:${repository}`, '--exit']);
  assert.equal(await run.exited, 0, run.out());
  assert.match(run.out(), /Feeding 6 commits of repository to connection gitrepository/);
  assert.match(run.out(), FED);
});

for (const setting of ['REDIS_URL', 'REDIS_URL_FILE']) {
  test(`a Redis of one’s own (${setting}), which shows and wants certificates: the line at the end counts what it holds`, async (t) => {
    const redis = await startRedis({ appendOnly: true, tls: 'mutual' });
    t.after(() => redis.stop());
    const { url, certFile, keyFile } = redis.tls!;
    const folder = makeFolder(t);
    const file = join(folder, 'redis-url');
    writeFileSync(file, `${url}\n`);
    const place = setting === 'REDIS_URL' ? url : file;
    const env = { [setting]: place, REDIS_CA_FILE: certFile, REDIS_CERT_FILE: certFile, REDIS_KEY_FILE: keyFile };
    const run = start(t, folder, ['--producer', `git:${await makeRepository(folder)}`, '--exit'], env);
    await run.say(FED);
    assert.equal(await run.exited, 0, run.out());
  });
}
