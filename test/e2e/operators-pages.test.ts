/*
  What operators are told to type, as it is printed in README.md and the pages for operators: it starts the system, posts, operates
  it, erases a person, copies its Redis and goes back to the copy. What is not run here is named with what runs it.
*/
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';
import { emulatorControl } from '../support/emulator-control.ts';
import { commandsOf, inlineCommandsOf, openPageShell, type PageShell } from '../support/page-commands.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'docs/operations.md', 'docs/runbooks.md', 'docs/console.md', 'docs/security.md'];
const STARTED = /"msg":"started"/;
const REDIS_READY = /Ready to accept connections/;
const WITHIN_MS = 60_000;
const ANYBODY = '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55';

/** What is printed, where it is run, and what stands there for it. */
const ELSEWHERE: readonly (readonly [command: string, file: string, needle: string])[] = [
  ['npm start', 'services/cli/test/whole-system.test.ts', "spawn(process.execPath, [MAIN, 'start'"],
  ['npm start -- --producer git:. --exit', 'services/cli/test/whole-system.test.ts', "'--producer'"],
  ['npm start -- --help', 'services/cli/src/run-command.test.ts', '--help'],
  ['npm start -- --workers 4', 'services/cli/src/start/plan-start.test.ts', '--workers'],
  [
    'GRAPH_TENANT_ID=… GRAPH_CLIENT_ID=… GRAPH_CLIENT_SECRET=… npx sluice doctor',
    'test/e2e/doctor.test.ts',
    "'doctor'",
  ],
  [
    'GRAPH_TENANT_ID=… GRAPH_CLIENT_ID=… GRAPH_CLIENT_SECRET=… npm start -- --no-emulator',
    'services/cli/src/start/plan-start.test.ts',
    "plan(['--no-emulator'], env)",
  ],
  ['npx sluice post FILE --connection demo', 'test/e2e/command-line-posts.test.ts', "'post'"],
  ['npx sluice import git PATH', 'test/e2e/command-line-posts.test.ts', "'import', 'git'"],
  ['npx sluice dead export', 'test/e2e/dead-letters.test.ts', "'export'"],
  [
    'SLUICE_ALERT_WEBHOOK_URL=https://hooks.example.com/services/… npx sluice console',
    'test/e2e/webhook.test.ts',
    'SLUICE_ALERT_WEBHOOK_URL',
  ],
  ['node scripts/set-up.js', 'package.json', '"prestart": "node scripts/set-up.js"'],
  // These are the work of whoever changes something, and run in every change.
  ['npm test', '.ci/run', 'npm test'],
  ['npm test -- "packages/core/src/**/*.test.ts"', 'scripts/test.ts', 'process.argv'],
  ['npm run check', '.ci/run', 'npm run --silent check'],
  ['npm run format', 'package.json', '"format": "biome check --write ."'],
  // Measurements and not tests: docs/performance.md has what they said.
  ['npm run bench', 'docs/performance.md', 'npm run bench'],
  ['npm run bench -- dead-letters', 'docs/performance.md', 'dead-letters'],
  ['npm run bench -- size', 'bench/size/main.ts', 'Redis'],
  ['node test/browser/measure-page.ts', 'docs/console.md', 'node test/browser/measure-page.ts'],
];

const printed = new Map(PAGES.map((page) => [page, [...commandsOf(page), ...inlineCommandsOf(page)]]));
const done = new Set<string>();
const shells: PageShell[] = [];
let folder: string;
let shell: PageShell;
let redisPort: number;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-pages-'));
  shell = openPageShell(folder);
  shells.push(shell);
  redisPort = await freePort();
  shell.addresses.set('6399', String(redisPort)).set('redis-cli config', `redis-cli -p ${redisPort} config`);
  shell.addresses.set('CONNECTION', 'demo').set('ITEM', 'welcome');
  const quick = { SLUICE_LINGER_MS: '100', SLUICE_LEASE_MS: '6000', SLUICE_CALL_TIMEOUT_MS: '1000' };
  Object.assign(shell.env, quick, { PORT: '0', SLUICE_DATA_DIR: folder, REDIS_URL: `redis://127.0.0.1:${redisPort}` });
});
after(async () => {
  for (const each of shells) each.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The command that begins like this, as a page prints it. */
function commandOn(page: string, begin: string): string {
  const command = printed.get(page)?.find((each) => each.startsWith(begin));
  assert.ok(command !== undefined, `${page} prints no ${begin}`);
  done.add(command);
  return command;
}

/** Runs it; it has to end with 0. When Redis did not confirm in time, a disk being slow for a moment, it is asked again as the answer says. */
async function run(page: string, begin: string, at = shell): Promise<string> {
  const command = commandOn(page, begin);
  const answered = async () => {
    const ended = await at.run(command);
    return ended.err.includes('503 store_unavailable') ? null : ended;
  };
  const { code, out, err } = await eventually(answered, { withinMs: WITHIN_MS, what: `Redis confirms: ${command}` });
  assert.equal(code, 0, `${command}\n${out}${err}`);
  return out;
}

const emulator = () => emulatorControl(`http://${shell.addresses.get('127.0.0.1:8090')}`);

/** One activity of connection demo, under a key: asked again as often as it takes, it is stored once. */
async function postUntilStored(item: string, performer: string): Promise<void> {
  const key = randomUUID();
  const answered = async () => {
    const { status } = await post(item, performer, key);
    return status === 503 ? null : status;
  };
  assert.equal(await eventually(answered, { withinMs: WITHIN_MS, what: 'Redis confirms what was posted' }), 202);
}

/** One activity of connection demo. */
function post(item: string, performer: string, key: string = randomUUID()): Promise<Response> {
  const performedBy = { type: 'user', id: performer };
  return fetch(`${shell.env['SLUICE_URL']}/v1/connections/demo/items/${item}/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ type: 'viewed', startDateTime: '2026-03-02T09:30:00Z', performedBy }),
  });
}

test('README.md: one service at a time, and the console beside them', async () => {
  const page = 'README.md';
  await shell.start(commandOn(page, 'redis-server'), REDIS_READY);
  const open = async (begin: string, port: string) => {
    const service = await shell.start(commandOn(page, begin), STARTED);
    const url = new URL(/"url":"(http[^"]+)"/.exec(service.out())![1]!);
    shell.addresses.set(`127.0.0.1:${port}`, url.host);
    return url.origin;
  };
  await open('npx sluice emulator', '8090');
  shell.env['SLUICE_URL'] = await open('npx sluice intake', '8080');
  await open('GRAPH_BASE_URL=', '9464');
  shell.env['SLUICE_CONSOLE_URL'] = await open('npx sluice console', '8081');
});

test('README.md: the first activity, its receipt, the ledger, and many at once', async () => {
  const page = 'README.md';
  const posted = await run(page, 'curl -i http://127.0.0.1:8080/v1/connections/demo/items/welcome');
  assert.match(posted, /^HTTP\/1\.1 202 Accepted/);
  const [, receiptId = ''] = /"receiptId":"(\w+)"/.exec(posted)!;
  shell.addresses.set('s0E3j9ECwubOm7', receiptId).set('npx sluice receipt ID', `npx sluice receipt ${receiptId}`);
  const ledger = commandOn(page, "curl 'http://127.0.0.1:8090/emulator/ledger");
  const delivered = async () => (await shell.run(ledger)).out.trim().split('\n').filter(Boolean).length === 1;
  await eventually(delivered, { withinMs: WITHIN_MS, what: 'it is in the ledger' });
  assert.match(await run(page, 'curl http://127.0.0.1:8080/v1/receipts/'), /"final":true/);
  assert.match(await run(page, 'npx sluice receipt ID'), /delivered/);
  assert.match(await run(page, 'curl -i http://127.0.0.1:8080/v1/connections/demo/activities'), /^HTTP\/1\.1 207/);
});

test('README.md, docs/runbooks.md, docs/console.md: what operators look at', async () => {
  // The same credential as the worker has.
  for (const [, name, value] of commandOn('README.md', 'GRAPH_BASE_URL=').matchAll(/(GRAPH_\w+)=(\S+)/g))
    shell.env[name!] = value!.replace('127.0.0.1:8090', shell.addresses.get('127.0.0.1:8090')!);
  assert.match(await run('docs/runbooks.md', 'npx sluice status'), /demo/);
  assert.match(await run('README.md', 'npx sluice item demo welcome'), /pending/i);
  await run('docs/operations.md', 'npx sluice item CONNECTION ITEM');
  await run('README.md', 'npx sluice doctor');
  await run('README.md', 'npx sluice config check');
  await run('README.md', 'npx sluice --help');
  for (const [page, begin] of [
    ['README.md', 'npx sluice status --watch'],
    ['README.md', 'npx sluice tail --connection demo'],
    ['docs/runbooks.md', 'npx sluice tail --failed'],
    ['docs/operations.md', 'npx sluice tail'],
  ] as const) {
    // What is told as it happens is told of the next activity; `--failed` tells of calls that went wrong, so some have to.
    if (begin.includes('--failed')) await emulator().behave({ shares: { 500: 0.5 } });
    const posting = setInterval(() => void post('welcome', ANYBODY), 500);
    try {
      const watching = await shell.start(commandOn(page, begin), /demo/);
      assert.equal(await watching.end(), 130, begin);
    } finally {
      clearInterval(posting);
      await emulator().behave({});
    }
  }
});

test('README.md, docs/runbooks.md, docs/console.md: what operators do', async () => {
  assert.match(await run('README.md', 'npx sluice pause demo'), /paused/);
  assert.match(await run('README.md', 'npx sluice resume demo'), /demo/);
  await run('docs/runbooks.md', 'npx sluice resume CONNECTION');
  await run('README.md', 'npx sluice dead list demo');
  await run('docs/runbooks.md', 'npx sluice dead list CONNECTION');
  await run('README.md', 'npx sluice dead replay demo --state parked');
  await run('README.md', 'npx sluice dead export demo');
  await run('docs/runbooks.md', 'npx sluice dead export CONNECTION');
  await run('docs/runbooks.md', 'npx sluice dead replay CONNECTION --all');
  await run('docs/runbooks.md', 'npx sluice dead discard CONNECTION --all');
  const settings = await run('docs/runbooks.md', "redis-cli config get 'append*'");
  for (const line of ['appendonly\nyes\n', 'appendfsync\nalways\n']) assert.ok(settings.includes(line), settings);
  await run('docs/runbooks.md', 'redis-cli config set appendonly yes');
  const forget = commandOn('README.md', 'npx sluice forget demo');
  const forgotten = async () => (await shell.run(forget)).out.includes('demo is forgotten');
  await eventually(forgotten, { withinMs: WITHIN_MS, what: 'what was posted is delivered, and demo forgotten' });
  const audit = await run('docs/security.md', 'curl -H "X-Api-Key');
  for (const action of ['pause', 'resume', 'forget']) assert.ok(audit.includes(`"action":"${action}"`), action);
});

test('docs/operations.md: a person is erased, Redis is copied, and a copy from before brings back what it had', async () => {
  const page = 'docs/operations.md';
  const [, person = ''] = /npx sluice erase (\S+)/.exec(commandOn(page, 'npx sluice erase'))!;
  await postUntilStored('a', ANYBODY);
  await run('README.md', 'npx sluice pause demo');
  for (const item of ['aa', 'aaa', 'aaaa']) await postUntilStored(item, person);
  await run(page, 'redis-cli -p 6399 --rdb backup.rdb');
  assert.match(await run(page, 'npx sluice erase'), /^Erased: 3 pending, 0 dead, 0 parked/);
  assert.match(await run(page, 'redis-cli -p 6399 BGREWRITEAOF'), /rewriting|scheduled/i);
  assert.equal(await run(page, 'redis-cli -p 6399 SLOWLOG RESET'), 'OK\n');

  const restored = join(folder, 'restored');
  mkdirSync(restored);
  copyFileSync(join(folder, 'backup.rdb'), join(restored, 'dump.rdb'));
  const there = openPageShell(restored);
  shells.push(there);
  const port = await freePort();
  there.addresses.set('6399', String(port));
  const pending = async () => (await there.run(`redis-cli -p ${port} HGET {s0}:c:demo:meta pending`)).out.trim();
  const first = await there.start(commandOn(page, "redis-server --port 6399 --appendonly no --save ''"), REDIS_READY);
  assert.equal(await run(page, 'redis-cli -p 6399 CONFIG SET appendonly yes', there), 'OK\n');
  const info = commandOn(page, 'redis-cli -p 6399 INFO persistence');
  const rewritten = async () => (await there.run(info)).out.includes('aof_rewrite_in_progress:0');
  await eventually(rewritten, { withinMs: WITHIN_MS, what: 'the log is written' });
  await run(page, 'redis-cli -p 6399 SHUTDOWN NOSAVE', there);
  assert.equal(await first.ended, 0);
  await run(page, 'rm dump.rdb', there);
  await there.start(commandOn(page, 'redis-server --port 6399 --appendonly yes'), REDIS_READY);
  assert.equal(await pending(), '3', 'what was erased since is in it');
});

test('README.md, docs/security.md: keys', async () => {
  const made = await run('README.md', 'export SLUICE_API_KEYS_FILE=$PWD/keys.json');
  assert.equal(made, '');
  shell.env['SLUICE_API_KEYS_FILE'] = join(folder, 'keys.json');
  for (const page of ['README.md', 'docs/security.md']) {
    assert.match(await run(page, "npx sluice keys create --name 'hr system'"), /\S{20,}/);
    assert.match(await run(page, 'npx sluice keys create --name ops'), /\S{20,}/);
    if (page === 'README.md') rmSync(join(folder, 'keys.json'));
  }
  assert.match(await run('docs/security.md', 'npx sluice keys list'), /hr system/);
  await run('docs/security.md', "npx sluice keys revoke 'hr system'");
});

test('nothing that these pages print is left out, and what is run elsewhere is there', () => {
  for (const [command, file, needle] of ELSEWHERE) {
    assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(needle), `${command}: ${needle} in ${file}`);
    done.add(command);
  }
  // Said again in a sentence, with a name in place of an example's.
  for (const command of ['npx sluice worker', 'npx sluice forget CONNECTION', 'npx sluice resume CONNECTION'])
    done.add(command);
  const left = [...printed].flatMap(([page, commands]) =>
    commands.filter((command) => !done.has(command)).map((command) => `${page}: ${command}`),
  );
  assert.deepEqual(left, []);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
