import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease, TakeRefusal, TakeResult } from '@sluice/core';
import { boundedCalls } from './calls.ts';
import { type DrainParts, drainConnection, SLICE_MS } from './drain-connection.ts';

const lease = { status: 'leased', leaseId: 'l', entries: ['e'], itemId: 'a' } as unknown as Lease;
const waiting = (reason: TakeRefusal['reason'], untilMs: number | null): TakeRefusal => ({
  status: 'waiting',
  reason,
  untilMs,
  nowMs: 10_000,
  learn: null,
  learnTenant: null,
});

interface Scene {
  readonly parts: DrainParts;
  readonly log: string[];
}

/** Takes are answered from the list; time moves only by sleeping, and by stepMs with each take. */
function scene(
  takes: readonly TakeResult[],
  { callsMax = 10, stepMs = 1, stopping = (): boolean => false } = {},
): Scene {
  const log: string[] = [];
  const left = [...takes];
  let now = 0;
  const calls = boundedCalls(callsMax);
  const parts: DrainParts = {
    take: async () => {
      now += stepMs;
      log.push('take');
      return left.shift() ?? waiting('empty', null);
    },
    deliver: async () => void log.push('deliver'),
    wake: async (_connection, atMs) => void log.push(`wake ${atMs}`),
    spread: async () => void log.push('spread'),
    calls,
    stopping,
    sleep: async (ms) => {
      log.push(`sleep ${ms}`);
      now += ms;
    },
    clock: () => now,
  };
  return { parts, log };
}

test('a drain delivers what it takes and ends without a wake-up when nothing is left', async () => {
  const { parts, log } = scene([lease, lease, waiting('empty', null)]);
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'deliver', 'take', 'deliver', 'take', 'take']);
});

test('takes that are all granted are made several at once, up to eight; one refusal, and it is one at a time again', async () => {
  const granted = Array.from({ length: 1 + 1 + 2 + 4 + 8 + 7 }, () => lease);
  const { parts, log } = scene([...granted, waiting('quota', 10_040), lease, waiting('empty', null)]);
  await drainConnection('hr', parts);
  const runs = log
    .join(' ')
    .match(/(take ?)+|sleep 40/g)!
    .map((run) => (run.startsWith('take') ? run.trim().split(' ').length : run));
  assert.deepEqual(runs, [1, 1, 2, 4, 8, 8, 'sleep 40', 1, 1]);
});

test('a take that fails keeps no lease beside it from going out, and no room for itself', async () => {
  const { parts, log } = scene([lease, lease, lease, lease]);
  let takes = 0;
  const take = () => (++takes === 3 ? Promise.reject(new Error('Redis is away')) : parts.take('hr'));
  await assert.rejects(drainConnection('hr', { ...parts, take }), /Redis is away/);
  assert.equal(log.filter((line) => line === 'deliver').length, 3);
  await parts.calls.idle(1000);
  assert.equal(await parts.calls.reserve({ most: 99, withinMs: 0 }), 10);
});

test('a drain waits for a token inside its slice and takes again', async () => {
  const { parts, log } = scene([waiting('quota', 10_040), lease, waiting('empty', null)]);
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'sleep 40', 'take', 'deliver', 'take']);
});

test('a drain whose token comes after its slice leaves the waiting to its successor', async () => {
  const { parts, log } = scene([waiting('quota', 10_700), waiting('quota', 10_700)]);
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'sleep 700', 'take', 'wake 0']);
});

test('a token that is long in coming is left to a timer', async () => {
  const { parts, log } = scene([waiting('quota', 15_000)]);
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'wake 15000']);
});

test('a closure of some milliseconds is waited for inside the slice', async () => {
  const { parts, log } = scene([waiting('closed', 10_060), lease, waiting('empty', null)]);
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'sleep 60', 'take', 'deliver', 'take']);
});

for (const reason of ['linger', 'closed', 'retry', 'held'] as const) {
  test(`a drain refused for ${reason} ends and leaves a wake-up for the moment it may be different`, async () => {
    const { parts, log } = scene([waiting(reason, 10_400)]);
    await drainConnection('hr', parts);
    assert.deepEqual(log, ['take', 'wake 10400']);
  });
}

test('a drain whose slice is over adds its successor and ends', async () => {
  const { parts, log } = scene([lease, lease, lease], { stepMs: SLICE_MS / 2 });
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['take', 'deliver', 'take', 'deliver', 'wake 0']);
});

test('a drain of a stopping worker takes nothing and hands its connection on', async () => {
  const { parts, log } = scene([lease], { stopping: () => true });
  await drainConnection('hr', parts);
  assert.deepEqual(log, ['wake 0']);
});

test('a drain asks others to help once when its own worker is full, and takes on when a call ends', async () => {
  const { parts, log } = scene([lease, lease, waiting('empty', null)], { callsMax: 1 });
  const deliver = async () => {
    await new Promise(setImmediate);
    log.push('delivered');
  };
  await drainConnection('hr', { ...parts, deliver });
  assert.deepEqual(log, ['take', 'spread', 'delivered', 'take', 'delivered', 'take']);
});
