/* The commands and the environment of docker-compose.yml and the Dockerfile, run here without Docker: what an operator meets first. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { findGraph } from '../../deploy/compose/find-graph.ts';
import { compose, ROOT } from '../support/compose-file.ts';
import { emulatorControl } from '../support/emulator-control.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
const [, imageEnv = ''] = /^ENV (.*)$/m.exec(dockerfile) ?? [];

let folder: string;
let redis: RedisServer;
let emulator: Service;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  const args = compose.services['redis']!.command!.slice(1).map((word) => word.replace(/^\$\{\w+:-(.*)\}$/, '$1'));
  redis = await startRedis({ args });
  emulator = await spawnService({ service: 'emulator', env: { SLUICE_DATA_DIR: folder } });
});
after(async () => {
  await emulator.kill('SIGKILL');
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a container of this service would run, with its volumes and the other containers' names put in place. */
function commandOf(name: string, args: readonly string[] = []) {
  const service = compose.services[name]!;
  const command = [
    ...(service.entrypoint ?? JSON.parse(entrypoint)),
    ...(args.length > 0 ? args : (service.command ?? [])),
  ];
  const image = Object.fromEntries(imageEnv.split(' ').map((pair) => pair.split('=')));
  const env = Object.entries({ ...image, ...service.environment }).map(([key, value]) => [
    key,
    String(value).replace('redis://redis:6379', redis.url).replace('/keys', folder),
  ]);
  return { command, env: { PATH: process.env['PATH'], ...Object.fromEntries(env), PORT: '0' } };
}

/** Of .env, for a Graph that is the emulator on this machine. */
const credentials = () => ({
  GRAPH_TENANT_ID: TENANT,
  GRAPH_CLIENT_ID: TENANT,
  GRAPH_CLIENT_SECRET: 'a secret of this test',
  GRAPH_BASE_URL: emulator.url!,
  GRAPH_TOKEN_URL: `${emulator.url}/${TENANT}/oauth2/v2.0/token`,
});

function run(name: string, dotEnv: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const { command, env } = commandOf(name, args);
  const [program = '', ...rest] = command;
  return spawnSync(program, rest, { cwd: ROOT, env: { ...dotEnv, ...env }, encoding: 'utf8', timeout: 60_000 });
}

async function start(t: { after(end: () => void): void }, name: string, dotEnv: Readonly<Record<string, string>>) {
  const { command, env } = commandOf(name);
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, { cwd: ROOT, env: { ...dotEnv, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await eventually(() => text.includes('"msg":"started"'), { withinMs: 60_000, what: `${name} has started` });
  const url = /"url":"(http[^"]+)"/.exec(text)?.[1];
  return { child, port: new URL(url!).port };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return exited;
}

test('up without anything says in one line what is needed, and what can be tried instead', () => {
  const { status, stdout, stderr } = run('prepare', {});
  assert.deepEqual([status, stdout], [78, '']);
  assert.match(stderr, /^No credential for Microsoft Graph: put GRAPH_TENANT_ID, .* into \.env .*--profile demo up\n$/);
});

test('the demo delivers to the emulator beside it, and a credential always beats it', async () => {
  const demo = await findGraph({}, async () => true);
  assert.equal(demo.kind === 'demo' && demo.env['GRAPH_BASE_URL'], 'http://emulator:8090');
  const asked = async () => {
    throw new Error('nobody need look for it');
  };
  for (const name of ['GRAPH_CLIENT_SECRET', 'AZURE_CLIENT_SECRET', 'GRAPH_MANAGED_IDENTITY', 'SLUICE_CONFIG']) {
    assert.equal((await findGraph({ [name]: 'x' }, asked)).kind, 'configured', name);
  }
  assert.equal((await findGraph({ GRAPH_CLIENT_SECRET: '' }, async () => false)).kind, 'missing');
});

test('with a credential and a key everything starts, is healthy, delivers, and stops in time', async (t) => {
  const dotEnv = credentials();
  const keyless = run('prepare', dotEnv);
  assert.equal(keyless.status, 78);
  assert.match(
    keyless.stderr,
    /^No API key yet: make the first with `docker compose run --rm sluice keys create [^\n]*\n$/,
  );
  const [, ...words] = /sluice (keys create [^`]*)`/.exec(keyless.stderr)![1]!.replaceAll('"', '').split(' ');
  const made = run('sluice', dotEnv, ['keys', ...words]);
  assert.equal(made.status, 0, made.stderr);
  const key = made.stdout.trim();
  const prepared = run('prepare', dotEnv);
  assert.deepEqual([prepared.status, prepared.stderr], [0, '']);
  assert.ok(existsSync(join(folder, 'prometheus.key')));
  assert.equal(statSync(join(folder, 'prometheus.key')).mode & 0o777, 0o644, 'Prometheus is another user');

  const intake = await start(t, 'intake', dotEnv);
  const worker = await start(t, 'worker', dotEnv);
  const console_ = await start(t, 'console', dotEnv);
  for (const { port } of [intake, worker, console_]) {
    for (const path of ['/health/ready', '/health/live']) {
      const health = spawnSync('node', ['deploy/compose/is-ready.ts', port, path], { cwd: ROOT });
      assert.equal(health.status, 0, path);
    }
  }
  assert.equal(spawnSync('node', ['deploy/compose/is-ready.ts', '1'], { cwd: ROOT }).status, 1);
  const posted = await fetch(`http://127.0.0.1:${intake.port}/v1/connections/composed/items/one/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      type: 'viewed',
      startDateTime: '2026-01-01T00:00:00Z',
      performedBy: { type: 'user', id: TENANT },
    }),
  });
  assert.equal(posted.status, 202);
  const ledger = emulatorControl(emulator.url!);
  await eventually(async () => (await ledger.ledger()).length === 1, { withinMs: 60_000, what: 'it is delivered' });
  const prometheusKey = readFileSync(join(folder, 'prometheus.key'), 'utf8');
  for (const { port } of [intake, console_]) {
    const scrape = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    assert.equal((await scrape({})).status, 401);
    assert.equal((await scrape({ authorization: `Bearer ${prometheusKey}` })).status, 200);
  }
  assert.deepEqual(await Promise.all([intake, worker, console_].map(({ child }) => stop(child))), [0, 0, 0]);
});
