import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErasureResult } from '@sluice/core';
import { createMemoryActivityStore, eventually, manualClock, PERFORMER_ID } from '@sluice/testing';
import { type ErasuresParts, keepErasures } from './keep-erasures.ts';

const SETTINGS = {
  deadLettersMax: 10,
  entriesMax: 20,
  unknownPolicy: 'retry',
  receiptTtlMs: 1,
  leaseMs: 1000,
} as const;
const GONE: ErasureResult = {
  status: 'walked',
  erased: { pending: 1, dead: 0, parked: 0 },
  inFlight: 0,
  cursor: null,
  wakeAtMs: null,
};

function open(erase: ErasuresParts['store']['erase'], notes: Partial<ErasuresParts['notes']> = {}) {
  const lines: string[] = [];
  let drawn = 0;
  const erasures = keepErasures({
    store: {
      connectionIds: async () => ['hr'],
      erase,
      endErasure: async () => {},
      closeGaps: async () => ({ status: 'closed' }),
    },
    notes: { ...createMemoryActivityStore(manualClock()), ...notes },
    scheduler: { wake: async () => {} },
    newId: () => `e${++drawn}`,
    logger: { info: (_fields, text) => lines.push(text), warn: (_fields, text) => lines.push(text) },
    settingsOf: () => SETTINGS,
    wait: async (ms, signal) => {
      await sleep(Math.min(ms, 5), undefined, { signal }).catch(() => undefined);
    },
  });
  return { erasures, lines };
}

/** A step that ends when the test says so. */
function heldStep() {
  const { promise, resolve } = Promise.withResolvers<ErasureResult>();
  return { erase: () => promise, release: () => resolve(GONE) };
}

test('it says finished only when nothing of the performer is left in a call', async () => {
  for (const [inFlight, state] of [
    [0, 'finished'],
    [2, 'unfinished'],
  ] as const) {
    const { erasures } = open(async () => ({ ...GONE, inFlight }));
    const erasure = await erasures.begin('somebody');
    await erasure?.over;
    const found = await erasures.find('e1');
    assert.deepEqual([found?.state, found?.tally.inFlight, found?.tally.erased.pending], [state, inFlight, 1]);
  }
});

test('one that is stopped with its console is unfinished, also for other consoles, and the stop waits for its step', async () => {
  const { erase, release } = heldStep();
  const notes = createMemoryActivityStore(manualClock());
  const { erasures } = open(erase, notes);
  await erasures.begin('somebody');
  let stopped = false;
  const stop = erasures.stop().then(() => {
    stopped = true;
  });
  await new Promise(setImmediate);
  assert.equal(stopped, false);
  release();
  await stop;
  assert.equal((await erasures.find('e1'))?.state, 'unfinished');
  assert.equal((await open(erase, notes).erasures.find('e1'))?.state, 'unfinished');
  assert.equal(await erasures.begin('another'), null, 'none begins after it');
});

test('who asks twice at one moment gets one erasure; so many run at a time, and no more', async () => {
  const { erase, release } = heldStep();
  const { erasures } = open(erase);
  const [one, same] = await Promise.all([erasures.begin(PERFORMER_ID), erasures.begin(PERFORMER_ID.toUpperCase())]);
  assert.deepEqual([one?.id, same?.id], ['e1', 'e1']);
  const more = await Promise.all(Array.from({ length: 8 }, (_, n) => erasures.begin(`p${n + 1}`)));
  assert.deepEqual(
    more.map((erasure) => erasure !== null),
    [true, true, true, true, true, true, true, false],
  );
  release();
  await Promise.all(more.map((erasure) => erasure?.over));
  assert.notEqual(await erasures.begin('p8'), null, 'the next one, when one has ended');
  await erasures.stop();
});

test('notes that cannot be written or read hinder no erasure, and one that fails says so', async () => {
  const away = () => Promise.reject(new Error('away'));
  const quiet = open(async () => GONE, { noteErasure: away, runningErasure: away });
  await (await quiet.erasures.begin('somebody'))?.over;
  assert.equal((await quiet.erasures.find('e1'))?.state, 'finished');
  const failing = open(away);
  await (await failing.erasures.begin('somebody'))?.over;
  assert.equal((await failing.erasures.find('e1'))?.state, 'failed');
  assert.deepEqual(failing.lines, ['erasure failed; asked again it goes on']);
});

test('how far it is is noted again and again while it goes on, so that others know that it does', async () => {
  const { erase, release } = heldStep();
  const noted: string[] = [];
  const { erasures } = open(erase, { noteErasure: async ({ text, running }) => void noted.push(`${running} ${text}`) });
  await erasures.begin('somebody');
  await eventually(async () => noted.length >= 3, { withinMs: 10_000, what: 'it is noted three times' });
  assert.ok(noted.every((text) => text.startsWith('true {"state":"running"')));
  release();
  await erasures.stop();
  assert.match(noted.at(-1)!, /^false \{"state":"unfinished"|^false \{"state":"finished"/);
});
