/* Redis over TLS and nothing else: with certificates of both sides, with those that are wrong, and with those that are renewed. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, makeCertificate, type Service, spawnService, startRedis } from '@sluice/testing';
import { assertDeliveredOnce, drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { redisEnv } from '../support/redis-env.ts';
import { startSystem } from '../support/start-system.ts';

const items = ['a1', 'b2', 'c3'];
const SAID_MS = 30_000;
const ACTIVITY = {
  itemId: 'a1',
  type: 'viewed',
  startDateTime: '2026-01-01T00:00:00Z',
  performedBy: { type: 'user', id: '11111111-2222-4333-8444-555555555555' },
};

async function startIntake(t: TestContext, env: Record<string, string>): Promise<Service> {
  const intake = await spawnService({ service: 'intake', env });
  t.after(() => intake.kill('SIGKILL'));
  return intake;
}

function failureSaid(intake: Service, text: RegExp) {
  const says = (line: object) => text.test((line as { err?: { message?: string } }).err?.message ?? '');
  return intake.waitFor('Redis connection failed', { where: says, withinMs: SAID_MS });
}

async function post(intake: Service): Promise<number> {
  const response = await fetch(`${intake.url}/v1/connections/secured/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activities: [ACTIVITY] }),
  });
  await response.text();
  return response.status;
}

test('all services reach a Redis that speaks TLS alone and asks for their certificate', async (t) => {
  const system = await startSystem({ redisOptions: { tls: 'mutual' } });
  t.after(() => system.stop());
  assert.match(system.env['REDIS_URL'] ?? '', /^rediss:/);
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  for (let round = 0; round < 5; round++) {
    assert.equal(await producer.post({ connection: 'secured', items, count: 60 }), 202);
  }
  await drained(system, ['secured'], 60_000);
  await assertDeliveredOnce(system, producer);
  const console_ = await spawnService({ service: 'console', env: { ...system.env } });
  t.after(() => console_.kill('SIGKILL'));
  await eventually(
    async () => {
      const response = await fetch(`${console_.url}/api/v1/connections`);
      return (await response.text()).includes('secured');
    },
    { withinMs: SAID_MS, what: 'the console shows the connection' },
  );
});

test('an authority that did not sign is named at start, and the right one is taken up without a restart', async (t) => {
  const redis = await startRedis({ appendOnly: true, tls: 'only' });
  t.after(() => redis.stop());
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.crt');
  await writeFile(caFile, makeCertificate().certificatePem);
  const intake = await startIntake(t, { ...redisEnv(redis), REDIS_CA_FILE: caFile });
  await failureSaid(
    intake,
    /^The certificate of Redis \(127\.0\.0\.1:\d+\) is of an authority that is not trusted: REDIS_CA_FILE/,
  );
  assert.equal(await post(intake), 503);
  await copyFile(redis.tls!.certFile, caFile);
  await eventually(async () => (await post(intake)) === 202, { withinMs: SAID_MS, what: 'activities are taken' });
});

test('a certificate that Redis asks for and does not get, TLS where there is none, and none where there is, are named at start', async (t) => {
  const asking = await startRedis({ tls: 'mutual' });
  t.after(() => asking.stop());
  const { REDIS_CERT_FILE: _, REDIS_KEY_FILE: __, ...without } = redisEnv(asking);
  const unknown = await startIntake(t, without);
  await failureSaid(unknown, /^Redis asks for a certificate: set REDIS_CERT_FILE and REDIS_KEY_FILE/);

  const plain = await startRedis({ tls: 'never' });
  t.after(() => plain.stop());
  const secured = await startIntake(t, { REDIS_URL: plain.url.replace('redis:', 'rediss:') });
  await failureSaid(
    secured,
    /^Redis does not answer with TLS\. If it speaks none there, REDIS_URL must begin with redis:/,
  );
  const open = await startIntake(t, { REDIS_URL: asking.url.replace('rediss:', 'redis:') });
  await failureSaid(open, /^Redis resets the connection\. If it speaks TLS there, REDIS_URL must begin with rediss:/);
});
