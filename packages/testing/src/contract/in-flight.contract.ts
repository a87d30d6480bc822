/* Calls in flight: failures lower their number, answers raise it again, a throttle says nothing of it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, withStore } from './steps.ts';

const MAX = { inFlightMax: 4 };
const ONE = { lingerMs: 0, entriesMax: 1, ...MAX };
const FAILED = { quota: 'none', failed: true } as const;

export function inFlightContract(makeStore: MakeStore): void {
  test('a failed call lowers the calls in flight to seven tenths, at most once a second and never below one', () =>
    withStore(makeStore, async (steps) => {
      const { advance, view } = steps;
      await steps.append('a', makeEntries(20));
      assert.equal((await view()).inFlightLimit, null);
      const seen = [];
      for (const waitMs of [0, 999, 1, 1000, 5000]) {
        await advance(waitMs);
        await call(steps, FAILED);
        seen.push((await view()).inFlightLimit);
      }
      assert.deepEqual(seen, [2, 2, 1, 1, 1]);
      await steps.lease(ONE);
      assert.equal((await steps.refusal(ONE)).reason, 'inflight');
    }));

  test('calls that Graph answers raise it again to what is configured, and no further', () =>
    withStore(makeStore, async (steps) => {
      const { view, lease, refusal, advance } = steps;
      await steps.append('a', makeEntries(20));
      await call(steps, FAILED);
      const seen = [];
      for (let n = 0; n < 5; n++) {
        await call(steps, { quota: 'accepted', failed: false });
        seen.push((await view()).inFlightLimit);
      }
      assert.deepEqual(seen, [2, 2, 3, 3, 3]);
      for (let n = 0; n < 3; n++) await call(steps, { quota: 'accepted', failed: false });
      assert.equal((await view()).inFlightLimit, null);
      await advance(1000);
      for (let n = 0; n < 4; n++) await lease(ONE);
      assert.equal((await refusal(ONE)).reason, 'inflight');
    }));

  test('a 429 lowers nothing, and neither does a call that says nothing', () =>
    withStore(makeStore, async (steps) => {
      await steps.append('a', makeEntries(20));
      await call(steps, { quota: 'none', failed: null });
      await call(steps, { quota: 'refused', closeMs: 10, failed: null });
      assert.equal((await steps.view()).inFlightLimit, null);
    }));

  test('a call that failed after its lease was reclaimed counts as any other', () =>
    withStore(makeStore, async ({ append, advance, lease, settle, view }) => {
      await append('a', makeEntries(2));
      const first = await lease({ ...ONE, leaseMs: 1000 });
      await advance(1000);
      await lease(ONE);
      assert.equal((await settle(first, makeRequeue(), FAILED, MAX)).status, 'stale');
      assert.equal((await view()).inFlightLimit, 2);
    }));
}

async function call({ lease, settle }: Steps, what: Parameters<Steps['settle']>[2]): Promise<void> {
  await settle(await lease(ONE), ACK, what, MAX);
}
