import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { createMemoryActivityStore, makeEntries, makePiece, manualClock } from '@sluice/testing';
import { SERIES } from './history.ts';
import { openSharedHistory } from './shared-history.ts';

const clock = manualClock();
const store = createMemoryActivityStore(clock);

async function readViews(): Promise<{ readonly nowMs: number; readonly views: readonly ConnectionView[] }> {
  const views = await store.connections(await store.connectionIds());
  return { nowMs: clock.nowMs(), views };
}

test('of two consoles one keeps a sample each half minute, with rates between two of its own looks; a third reads the same', async () => {
  const [one, other] = [openSharedHistory(store), openSharedHistory(store)];
  for (let second = 0; second < 90; second++) {
    const groups = [{ itemId: 'a', entries: makeEntries(2, { from: second * 2 }) }];
    await store.append(makePiece({ connectionId: 'hr', sequence: second + 1, groups }));
    const reading = await readViews();
    await one.keep(reading);
    await other.keep(reading);
    await clock.advance(1000);
  }
  const samples = await openSharedHistory(store).read();
  assert.deepEqual(await one.read(), samples);
  const of = (name: (typeof SERIES)[number]) => samples.map((sample) => sample.of.get('hr')![SERIES.indexOf(name)]);
  assert.deepEqual(
    samples.map(({ atMs }) => atMs - samples[0]!.atMs),
    [0, 30_000, 60_000],
  );
  assert.deepEqual(of('pending'), [2, 62, 122]);
  assert.deepEqual(of('appendedPerSecond'), [null, 2, 2]);
  const counted = samples.map(({ atMs, counters }) => {
    const { nowMs, ...counts } = counters.get('hr')!;
    return { ...counts, lateMs: nowMs - atMs };
  });
  assert.deepEqual(
    counted,
    [2, 62, 122].map((appended) => ({ appended, delivered: 0, calls: 0, lateMs: 0 })),
    'what the next one counts from',
  );
});

test('what it cannot read it leaves out, and columns of another version are found by their names', async () => {
  const texts = ['no JSON', '{"at":1}', '{"at":5,"series":["new","pending","calls"],"of":{"hr":[7,3,9]}}'];
  const samples = await openSharedHistory({ ...store, fleetSamples: async (from) => texts.slice(from) }).read();
  assert.equal(samples.length, 1);
  assert.deepEqual(samples[0]!.of.get('hr'), [3, ...SERIES.slice(1).map(() => null)]);
  assert.equal(samples[0]!.counters.size, 0, 'half of the counters is none of them');
});
