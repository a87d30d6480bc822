/*
  Redis at its maxmemory. Timeline: a backlog is stored, no worker runs; an operator sets maxmemory below what is used; the
  intake refuses; a worker starts on the full Redis, delivers everything without anybody's help, and the intake takes again.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { drained } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const POSTS = 160;
const COUNT = 500;
/** A worker on a full Redis may complain, but not flood its log. */
const ERRORS_PER_SECOND_MAX = 10;

test('a full Redis: the intake refuses, the worker drains it by itself, and then the intake takes again', async (t) => {
  const system = await startSystem({ workers: 0, env: { SLUICE_RATE_INITIAL: '500' } });
  t.after(() => system.stop());
  const redis = openAdmin(system.redis);
  t.after(() => redis.disconnect());
  const [intake] = system.intakes;
  const producer = startProducer(() => [intake!.url!]);
  const items = Array.from({ length: 50 }, (_, n) => `item-${n}`);
  const usedBytes = async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  const emptyBytes = await usedBytes();
  for (let n = 0; n < POSTS; n++) {
    // What Redis did not confirm in time, its disk being slow for a moment, comes on top of these.
    const isStored = async () => (await producer.post({ connection: 'full', items, count: COUNT })) === 202;
    await eventually(isStored, { withinMs: 10_000, what: 'a request of the backlog is stored' });
  }
  const backlogBytes = (await usedBytes()) - emptyBytes;
  // Full now, and with the backlog gone well below four fifths.
  await redis.config('SET', 'maxmemory', String(Math.round(emptyBytes + backlogBytes * 0.5)));

  const refused = await eventually(
    async () => {
      const answer = await post(intake!.url!);
      return answer.status === 503 && answer;
    },
    { withinMs: 10_000, what: 'the intake refuses' },
  );
  assert.equal(refused.code, 'store_full');
  assert.match(refused.retryAfter ?? '', /^[1-9]\d*$/);

  const begun = performance.now();
  const worker = await system.startWorker();
  await eventually(async () => (await system.emulator.stats('full')).activities >= POSTS * COUNT, {
    withinMs: 90_000,
    what: 'everything is in Graph',
  });
  const seconds = (performance.now() - begun) / 1000;
  const errors = worker.logs.filter(({ level }) => level >= 40).length;
  t.diagnostic(`${errors} errors logged in ${seconds.toFixed(1)} s`);
  assert.ok(errors <= ERRORS_PER_SECOND_MAX * Math.max(1, seconds), `${errors} errors in ${seconds} s`);

  await eventually(async () => (await post(intake!.url!)).status === 202, {
    withinMs: 20_000,
    what: 'it is taken again',
  });
  await drained(system, ['full'], 20_000);
});

async function post(intakeUrl: string) {
  const response = await fetch(`${intakeUrl}/v1/connections/full/items/one/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'viewed',
      startDateTime: '2026-01-01T00:00:00Z',
      performedBy: { type: 'user', id: '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b' },
    }),
  });
  const body = (await response.json()) as { readonly code?: string };
  return { status: response.status, code: body.code, retryAfter: response.headers.get('retry-after') };
}
