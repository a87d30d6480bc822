/* Who is there to deliver. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { WORKER_KEPT_MS } from '@sluice/core';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const beat = (id: string, callsInFlight = 0) => ({ id, version: '1.2.3', host: 'here', callsInFlight });

export function workerBeatsContract(makeStore: MakeStore): void {
  test('a worker is there as it last said, until it says that it goes or is silent for too long', () =>
    withStore(makeStore, async ({ store, advance }) => {
      assert.deepEqual((await store.workers()).workers, []);
      const firstMs = (await store.workers()).nowMs;
      await store.noteWorker(beat('b'));
      await advance(1000);
      await store.noteWorker(beat('a', 3));
      await store.noteWorker(beat('c'));
      const both = await store.workers();
      assert.deepEqual(both, {
        nowMs: firstMs + 1000,
        workers: [
          { ...beat('b'), seenMs: firstMs },
          { ...beat('a', 3), seenMs: firstMs + 1000 },
          { ...beat('c'), seenMs: firstMs + 1000 },
        ],
      });
      await store.forgetWorker('c');
      await store.forgetWorker('never was');
      await advance(WORKER_KEPT_MS - 1000);
      assert.deepEqual(
        (await store.workers()).workers.map(({ id }) => id),
        ['a'],
      );
      await store.noteWorker(beat('a', 4));
      await advance(1000);
      assert.deepEqual((await store.workers()).workers, [{ ...beat('a', 4), seenMs: firstMs + WORKER_KEPT_MS }]);
    }));
}
