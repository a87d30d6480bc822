/*
  Keys and quotas on real processes: two intakes, a console and the command line that makes and revokes keys. Without keys
  nothing listens beyond this machine; with them only health answers who shows none; what changes in the file counts at once.
*/
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { redisEnv } from '../support/redis-env.ts';
import { runSluice } from '../support/run-sluice.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const WITHIN_MS = 60_000;

interface System {
  readonly env: Readonly<Record<string, string>>;
  readonly redis: RedisServer;
  start(service: string): Promise<Service & { readonly url: string }>;
  makeKey(...options: string[]): Promise<string>;
}

async function open(t: TestContext, more: Record<string, string> = {}): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const redis = await startRedis({ appendOnly: true });
  t.after(() => redis.stop());
  const env = { ...redisEnv(redis), SLUICE_API_KEYS_FILE: join(folder, 'keys.json'), ...more };
  return {
    env,
    redis,
    start: async (service) => {
      const started = await spawnService({ service, env });
      t.after(() => started.kill('SIGKILL'));
      assert.ok(started.url);
      await started.waitFor('durability read', { withinMs: WITHIN_MS });
      return started as Service & { readonly url: string };
    },
    makeKey: async (...options) => {
      const made = await runSluice(['keys', 'create', ...options, '--json'], env);
      assert.equal(made.code, 0, made.err);
      return JSON.parse(made.out).key;
    },
  };
}

async function post(url: string, key: string | null, count = 1): Promise<number> {
  const activities = Array.from({ length: count }, (_, n) => ({
    itemId: `item${n}`,
    type: 'viewed',
    startDateTime: '2026-01-31T13:45:00Z',
    performedBy: { type: 'user', id: GUID },
  }));
  const headers = { 'content-type': 'application/json', ...(key !== null && { authorization: `Bearer ${key}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ activities }) });
  await response.arrayBuffer();
  return response.status;
}

const statusOf = async (url: string, key: string | null) => {
  const response = await fetch(url, key === null ? {} : { headers: { 'x-api-key': key } });
  await response.arrayBuffer();
  return response.status;
};

test('keys made on the command line open what they name, count at once, and end when they are revoked', async (t) => {
  const { env, start, makeKey } = await open(t, { SLUICE_BIND: '0.0.0.0' });
  const producer = await makeKey('--name', 'hr', '--scope', 'ingest', '--connections', 'hr1');
  const [intake, console_] = [await start('intake'), await start('console')];
  const at = (service: { readonly url: string }, path: string) => service.url.replace('0.0.0.0', '127.0.0.1') + path;
  const activities = (connection: string) => at(intake, `/v1/connections/${connection}/activities`);
  assert.match(String((await intake.waitFor('who may ask'))['access']), /^1 keys? of /);
  assert.equal(await post(activities('hr1'), null), 401);
  assert.equal(await post(activities('hr1'), producer), 202);
  assert.equal(await post(activities('tickets'), producer), 403);
  assert.equal(await statusOf(at(intake, '/metrics'), producer), 403);
  for (const service of [intake, console_]) {
    assert.equal(await statusOf(at(service, '/health/ready'), null), 200);
    assert.equal(await statusOf(at(service, '/metrics'), null), 401);
  }
  const operator = await makeKey('--name', 'ops', '--scope', 'read,operate', '--connections', '*');
  const known = async () => (await statusOf(at(console_, '/api/v1/connections'), operator)) === 200;
  await eventually(known, { withinMs: WITHIN_MS, what: 'the console knows a key that was made while it runs' });
  const asOperator = { ...env, SLUICE_CONSOLE_URL: at(console_, ''), SLUICE_API_KEY: operator };
  assert.equal((await runSluice(['pause', 'hr1'], asOperator)).code, 0);
  const refused = await runSluice(['pause', 'hr1'], { ...asOperator, SLUICE_API_KEY: '' });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /Send an API key.*401/s);
  const audit = await fetch(at(console_, '/api/v1/audit'), { headers: { 'x-api-key': operator } });
  const { entries } = (await audit.json()) as { entries: Record<string, unknown>[] };
  assert.deepEqual([entries[0]?.['who'], entries[0]?.['action'], entries[0]?.['outcome']], ['ops', 'pause', 'done']);
  assert.equal((await runSluice(['keys', 'revoke', 'hr'], env)).code, 0);
  const ended = async () => (await post(activities('hr1'), producer)) === 401;
  await eventually(ended, { withinMs: WITHIN_MS, what: 'the intake refuses a key that was revoked' });
  writeFileSync(env['SLUICE_API_KEYS_FILE']!, 'not a file of keys');
  await console_.waitFor('the file of keys cannot be used: the keys read before stay in force', {
    withinMs: WITHIN_MS,
  });
  assert.equal(await statusOf(at(console_, '/api/v1/connections'), operator), 200);
  const logged = JSON.stringify([...intake.logs, ...console_.logs]);
  for (const key of [producer, operator]) assert.ok(!logged.includes(key.slice(-43)), 'no key is in any log');
});

test('a session is known to every console, outlives a kill of the one it was opened at, and ends everywhere with its key', async (t) => {
  const { env, start, makeKey } = await open(t);
  const key = await makeKey('--name', 'ops', '--scope', 'read,operate', '--connections', '*');
  const [one, other] = [await start('console'), await start('console')];
  const signedIn = await fetch(`${one.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  assert.equal(signedIn.status, 200);
  const { csrf } = (await signedIn.json()) as { readonly csrf: string };
  const cookie = String(signedIn.headers.get('set-cookie')).split(';')[0]!;
  const statusAt = async ({ url }: { readonly url: string }) =>
    (await fetch(`${url}/api/v1/connections`, { headers: { cookie } })).status;
  assert.deepEqual([await statusAt(one), await statusAt(other)], [200, 200]);
  await one.kill('SIGKILL');
  const again = await start('console');
  const whose = await fetch(`${again.url}/api/v1/session`, { headers: { cookie } });
  assert.deepEqual(await whose.json(), { needed: false, name: 'ops', scopes: ['read', 'operate'], csrf });
  assert.equal((await runSluice(['keys', 'revoke', 'ops'], env)).code, 0);
  for (const console_ of [other, again]) {
    const ended = async () => (await statusAt(console_)) === 401;
    await eventually(ended, { withinMs: WITHIN_MS, what: 'the session ends with its key' });
  }
});

test('two intakes give a key its quota once, and another key is not in its way', async (t) => {
  const { start, makeKey } = await open(t);
  const limits = ['--requests-per-second', '5', '--activities-per-second', '100000'];
  const flooder = await makeKey('--name', 'flood', '--scope', 'ingest', '--connections', '*', ...limits);
  const calm = await makeKey('--name', 'calm', '--scope', 'ingest', '--connections', '*');
  const intakes = [await start('intake'), await start('intake')];
  const ask = (n: number, key: string) => post(`${intakes[n % 2]!.url}/v1/connections/hr1/activities`, key);
  const began = performance.now();
  const statuses: number[] = [];
  for (let round = 0; round < 10; round++) {
    statuses.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n, flooder)))));
    assert.equal(await ask(round, calm), 202);
  }
  const seconds = (performance.now() - began) / 1000;
  const taken = statuses.filter((status) => status === 202).length;
  assert.ok(taken >= 5 && taken <= 5 + Math.ceil(5 * seconds), `${taken} of 200 in ${seconds.toFixed(1)} s`);
  assert.deepEqual([...new Set(statuses)].sort(), [202, 429]);
});

test('beyond this machine nothing starts without keys, and a wrong file of keys stops the start', async (t) => {
  const { env } = await open(t);
  const { SLUICE_API_KEYS_FILE: path, ...open_ } = env;
  for (const service of ['intake', 'console']) {
    for (const wrong of [
      { ...open_, SLUICE_BIND: '0.0.0.0' },
      { ...open_, SLUICE_API_KEYS_FILE: path! },
    ]) {
      const started = await spawnService({ service, env: wrong, readyMsg: null });
      assert.deepEqual(await started.exited, { code: 78, signal: null });
    }
  }
  const alone = await spawnService({ service: 'intake', env: open_ });
  t.after(() => alone.kill('SIGKILL'));
  assert.match(String((await alone.waitFor('who may ask'))['access']), /no keys are set: only this machine/);
});
