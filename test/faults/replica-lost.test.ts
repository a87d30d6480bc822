/* SLUICE_DURABILITY=replicated with a real replica that stops, dies, and at last takes over: no 202 was too much. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, type RedisServer, startRedis } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { replicaOf } from '../support/redis-fleet.ts';
import { type System, startSystem } from '../support/start-system.ts';

const PERFORMER = '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b';
const PARALLEL = 8;

interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly durability: string | null;
  readonly ms: number;
}

async function post(system: System, itemId: string): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(`${system.intakes[0]!.url}/v1/connections/replica/items/${itemId}/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'viewed',
      startDateTime: '2026-01-01T00:00:00Z',
      performedBy: { type: 'user', id: PERFORMER },
      id: itemId,
    }),
  });
  const body = (await response.json()) as { code?: string };
  const durability = response.headers.get('sluice-durability');
  return { status: response.status, code: body.code ?? null, durability, ms: performance.now() - began };
}

function startReplica(system: System): Promise<RedisServer> {
  return startRedis({ appendOnly: true, args: replicaOf(system.redis) });
}

/** Clients that send until told to stop; what was acknowledged, and every other answer by its code. */
function send(system: System) {
  const acknowledged: string[] = [];
  const refused = new Map<string, number>();
  const wrong: Answer[] = [];
  let [going, number] = [true, 0];
  const loops = Array.from({ length: PARALLEL }, async () => {
    while (going) {
      const itemId = `item-${++number}`;
      const answer = await post(system, itemId).catch(() => null);
      if (answer?.status === 202) acknowledged.push(itemId);
      const code = answer === null ? 'none' : (answer.code ?? String(answer.status));
      if (answer?.status !== 202) refused.set(code, (refused.get(code) ?? 0) + 1);
      if (answer !== null && (answer.status === 202) !== (answer.durability === 'replicated')) wrong.push(answer);
    }
  });
  const stop = async () => {
    going = false;
    await Promise.all(loops);
  };
  return { acknowledged, refused, wrong, stop };
}

test('a replica that stops, dies and comes back under load; then the main Redis dies and the replica has all that was acknowledged', async () => {
  const system = await startSystem({
    workers: 0,
    intakes: 1,
    env: { SLUICE_DURABILITY: 'replicated' },
    redisArgs: ['--repl-diskless-sync-delay', '0'],
  });
  let replica: RedisServer | null = null;
  let sending: ReturnType<typeof send> | null = null;
  try {
    const alone = await post(system, 'alone');
    assert.deepEqual([alone.status, alone.code], [503, 'durability_not_reached']);
    replica = await startReplica(system);
    await eventually(async () => (await post(system, 'first')).status === 202, {
      withinMs: 60_000,
      what: 'it is replicated',
    });
    sending = send(system);
    const { acknowledged, refused, wrong } = sending;
    const more = (count: number) => {
      const from = acknowledged.length;
      return eventually(() => acknowledged.length >= from + count, {
        withinMs: 60_000,
        what: `${count} more are acknowledged`,
      });
    };
    const moreRefused = (count: number) => {
      const from = refused.get('durability_not_reached') ?? 0;
      return eventually(() => (refused.get('durability_not_reached') ?? 0) >= from + count, {
        withinMs: 60_000,
        what: `${count} more are refused`,
      });
    };
    await more(200);
    replica.pause();
    await moreRefused(20);
    replica.resume();
    await more(200);
    await replica.kill9();
    await moreRefused(20);
    await replica.restart();
    await more(200);
    replica.pause();
    await moreRefused(20);
    await system.redis.kill9();
    await sending.stop();
    replica.resume();
    assert.deepEqual(wrong, [], 'every 202 says replicated, and nothing else does');
    const admin = openAdmin(replica);
    await admin.call('REPLICAOF', 'NO', 'ONE');
    const there = new Set((await admin.keys('*:i:item-*')).map((key) => key.slice(key.lastIndexOf(':') + 1)));
    admin.disconnect();
    const lost = acknowledged.filter((itemId) => !there.has(itemId));
    assert.equal(lost.length, 0, `${lost.length} of ${acknowledged.length} acknowledged ones are lost`);
  } finally {
    await sending?.stop();
    await replica?.stop();
    await system.stop();
  }
});
