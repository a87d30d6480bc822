/* What consoles saw of the fleet: one keeps what several see, and it is bounded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type ActivityStore, FLEET_SAMPLES_MAX, FLEET_SAMPLES_PAGE } from '@sluice/core';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const APART_MS = 25_000;

async function readAll(store: ActivityStore): Promise<readonly string[]> {
  const all: string[] = [];
  for (;;) {
    const page = await store.fleetSamples(all.length);
    assert.ok(page.length <= FLEET_SAMPLES_PAGE);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

export function fleetHistoryContract(makeStore: MakeStore): void {
  test('of several who look at once one keeps what it saw, and all read the same, oldest first', () =>
    withStore(makeStore, async ({ store, advance }) => {
      const keep = (text: string) => store.keepFleetSample({ text, apartMs: APART_MS });
      assert.deepEqual(await readAll(store), []);
      assert.equal(await keep('{"first":"§ \\n"}'), true);
      assert.equal(await keep('another console'), false);
      await advance(APART_MS - 1);
      assert.equal(await keep('too early'), false);
      await advance(1);
      assert.equal(await keep('second'), true);
      assert.deepEqual(await readAll(store), ['{"first":"§ \\n"}', 'second']);
    }));

  test('the oldest go first, and what is kept is read page by page', () =>
    withStore(makeStore, async ({ store, advance }) => {
      for (let n = 0; n < FLEET_SAMPLES_MAX + 7; n++) {
        assert.equal(await store.keepFleetSample({ text: `${n}`, apartMs: APART_MS }), true);
        await advance(APART_MS);
      }
      const expected = Array.from({ length: FLEET_SAMPLES_MAX }, (_, n) => `${n + 7}`);
      assert.deepEqual(await readAll(store), expected);
    }));
}
