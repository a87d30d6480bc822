import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { findProblems, type Seen } from './find-problems.ts';

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const view = (parts: Partial<ConnectionView>) =>
  ({
    ...{
      connectionId: 'hr',
      nowMs: NOW_MS,
      state: 'flowing',
      oldestAcceptedMs: null,
      deadLetters: 0,
      parkedEntries: 0,
    },
    ...parts,
  }) as ConnectionView;

function find(seen: Partial<Seen>, ends = 0) {
  const asked: unknown[] = [];
  const found = findProblems(
    { nowMs: NOW_MS, views: [], complete: true, credentialExpiryMs: new Map(), ...seen },
    {
      ageMs: 15 * MINUTE_MS,
      recentEnds: async (question) => {
        asked.push(question);
        return ends;
      },
      wordsOf: ({ state }) => `${state}: why.`,
    },
  );
  return { found, asked };
}

async function keysOf(views: readonly Partial<ConnectionView>[], ends = 0): Promise<readonly string[]> {
  const { present } = await find({ views: views.map(view) }, ends).found;
  return present.map(({ key }) => key);
}

test('a connection that is held is a problem, with what its state says; no other state is one by itself', async () => {
  const states = ['flowing', 'idle', 'closed', 'paused', 'held', 'breaker'] as const;
  assert.deepEqual(await keysOf(states.map((state) => ({ state, connectionId: state }))), ['held/held']);
  const { present } = await find({ views: [view({ state: 'held' })] }).found;
  assert.deepEqual(present, [{ key: 'held/hr', text: 'held: why.' }]);
});

test('an activity that waits for longer than the bound is one, in minutes, hours or days', async () => {
  const waited = async (ms: number) => {
    const { present } = await find({ views: [view({ oldestAcceptedMs: NOW_MS - ms })] }).found;
    return present.map(({ text }) => /waited for (.*?)\./.exec(text)?.[1]);
  };
  assert.deepEqual(await waited(15 * MINUTE_MS), []);
  assert.deepEqual(await waited(15 * MINUTE_MS + 1), ['15 min']);
  assert.deepEqual(await waited(119 * MINUTE_MS), ['119 min']);
  assert.deepEqual(await waited(120 * MINUTE_MS), ['2 h']);
  assert.deepEqual(await waited(2 * DAY_MS), ['2 days']);
});

test('more than ten ends within a quarter of an hour that are still kept are one, dead and parked together', async () => {
  const kept = (deadLetters: number, parkedEntries: number) => [{ deadLetters, parkedEntries }];
  assert.deepEqual(await keysOf(kept(6, 5), 11), ['dead-letters/hr']);
  assert.deepEqual(await keysOf(kept(6, 5), 10), []);
  assert.deepEqual(await keysOf(kept(6, 4), 11), [], 'most of them were discarded meanwhile');
  const { found, asked } = find({ views: [view({ deadLetters: 11 })] });
  await found;
  assert.deepEqual(asked, [{ connectionId: 'hr', sinceMs: NOW_MS - 15 * MINUTE_MS, most: 11 }]);
});

test('a credential is one from two weeks before its end on, and after it', async () => {
  const told = async (leftMs: number) => {
    const { present } = await find({ credentialExpiryMs: new Map([['contoso', NOW_MS + leftMs]]) }).found;
    return present.map(({ key, text }) => `${key} ${text.split('.')[0]}`);
  };
  assert.deepEqual(await told(14 * DAY_MS), []);
  assert.deepEqual(await told(14 * DAY_MS - 1), ['credential/contoso It ends in 13 days']);
  assert.deepEqual(await told(1), ['credential/contoso It ends in 0 s']);
  assert.deepEqual(await told(0), ['credential/contoso It has ended']);
});

test('of a connection that is not among those read nothing is known; of a credential always', async () => {
  const some = await find({ views: [view({})], complete: false }).found;
  assert.deepEqual(['held/hr', 'held/other', 'credential/other'].map(some.isUnknown), [false, true, false]);
  const all = await find({ views: [view({})] }).found;
  assert.equal(all.isUnknown('held/other'), false, 'it is there no more');
});
