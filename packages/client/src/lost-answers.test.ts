/* Whatever an intake does to requests and answers: what is resolved is stored, and once; what is not, says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTIVITY, type FakeAnswer, openClient, type Sent, settle } from '../test/support/fake-intake.ts';
import type { SluiceError } from './sluice-error.ts';

/** What becomes of one request: stored or not, answered or not, and what is said. */
const FATES = ['stored', 'lost before', 'lost after', 'stored, 503', 'refused 429', '500', 'broken answer'] as const;

test('nothing resolved is missing, nothing is stored twice', async () => {
  const fates = fc.array(fc.constantFrom(...FATES), { minLength: 0, maxLength: 60 });
  const tracks = fc.array(
    fc.record({
      wait: fc.integer({ min: 0, max: 60 }),
      connection: fc.constantFrom('hr1', 'tickets'),
      bad: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const limits = fc.record({
    batchActivitiesMax: fc.integer({ min: 1, max: 7 }),
    requestsInFlightMax: fc.integer({ min: 1, max: 3 }),
    bufferActivitiesMax: fc.integer({ min: 20, max: 30 }),
  });
  await fc.assert(fc.asyncProperty(fates, tracks, limits, run), { numRuns: 150 });
});

async function run(
  fates: readonly (typeof FATES)[number][],
  tracks: readonly { readonly wait: number; readonly connection: string; readonly bad: boolean }[],
  limits: object,
): Promise<void> {
  /** By id, as which item it was stored. */
  const kept = new Map<string, string>();
  const { sluice, clock } = openClient((sent, nth) => meet(fates[nth - 1] ?? 'stored', sent, kept), {
    ...limits,
    deadlineMs: 3_600_000,
    retryCapMs: 1000,
  });
  const all: Promise<unknown>[] = [];
  for (const [n, { wait, connection, bad }] of tracks.entries()) {
    all.push(sluice.track({ ...ACTIVITY, connection, item: `${bad ? 'bad' : 'good'}-${n}` }));
    all.at(-1)?.catch(() => undefined);
    await clock.advance(wait);
  }
  const closed = sluice.close();
  for (let step = 0; step < 70; step++) await clock.advance(1000);
  await closed;
  await settle();
  const results = await Promise.allSettled(all);
  for (const [n, result] of results.entries()) {
    const times = [...kept.values()].filter((item) => item === `good-${n}`).length;
    if (tracks[n]!.bad) {
      assert.equal(result.status === 'rejected' && (result.reason as SluiceError).code, 'item_bad');
      assert.equal(times, 0);
    } else {
      assert.deepEqual([result.status, times], ['fulfilled', 1]);
    }
  }
}

/** An intake that remembers ids, as ours does. */
function meet(fate: (typeof FATES)[number], sent: Sent, kept: Map<string, string>): FakeAnswer {
  if (fate === 'lost before') throw new Error('reset');
  if (fate === 'refused 429') return { status: 429, headers: { 'retry-after': '0.3' } };
  if (fate === '500') return { status: 500 };
  const rejected = [];
  const counts = { accepted: 0, duplicates: 0 };
  for (const [index, { id, itemId }] of sent.activities.entries()) {
    if (itemId.startsWith('bad')) {
      rejected.push({ index, pointer: `#/activities/${index}/itemId`, code: 'item_bad', message: 'Bad.' });
    } else if (kept.has(id)) counts.duplicates++;
    else {
      counts.accepted++;
      kept.set(id, itemId);
    }
  }
  if (fate === 'lost after') throw new Error('reset');
  if (fate === 'stored, 503') return { status: 503, body: { code: 'durability_not_reached' } };
  if (fate === 'broken answer') return { status: 202, body: '{"accepted":1,' };
  if (counts.accepted + counts.duplicates === 0) return { status: 400, body: { code: 'no_valid_activity', rejected } };
  return { status: rejected.length === 0 ? 202 : 207, body: { receiptId: 'r', ...counts, rejected } };
}
