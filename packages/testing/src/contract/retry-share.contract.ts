/* take: while calls fail, retries are a fifth of the calls as long as there is something that was never tried. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ACK, makeEntries, makeRequeue } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, saidBy, withStore } from './steps.ts';

const NOW = { lingerMs: 0 };
const FAILED = { quota: 'none', failed: true } as const;
const AGAIN = makeRequeue({ counted: false });

export function retryShareContract(makeStore: MakeStore): void {
  test('of calls that all fail at most a fifth are retries while fresh items wait', () =>
    withStore(makeStore, async (steps) => {
      const retries = await retriesAmong(steps, { calls: 100, call: FAILED });
      // Twenty of a hundred, and never more than a fifth of those before.
      assert.ok(retries.length >= 15 && retries.length <= 20, `${retries.length} retries`);
      for (const [n, nth] of retries.entries()) assert.ok(n + 1 <= nth / 5, `retry ${n + 1} was call ${nth}`);
    }));

  test('throttles and errors of single entries keep no retry back', () =>
    withStore(makeStore, async (steps) => {
      const retries = await retriesAmong(steps, { calls: 40, call: { quota: 'accepted', failed: false } });
      assert.ok(retries.length > 20, `${retries.length} retries`);
    }));

  test('when nothing else is ready one retry a second comes back, and all of them once no call has failed for ten seconds', () =>
    withStore(makeStore, async ({ append, advance, lease, refusal, settle, view }) => {
      for (const itemId of ['a', 'b', 'c']) await append(itemId, makeEntries(1));
      for (let n = 0; n < 3; n++) await settle(await lease(NOW), AGAIN, FAILED);
      await advance(1);
      const first = await lease(NOW);
      assert.deepEqual(saidBy(await refusal(NOW)), { reason: 'retry', untilMs: first.nowMs + 1000 });
      await advance(999);
      assert.equal((await refusal(NOW)).reason, 'retry');
      assert.equal((await view()).delayed, 2);
      // The last failure was ten seconds ago: those left come back together.
      await advance(9000);
      await settle(await lease(NOW), ACK);
      await settle(await lease(NOW), ACK);
      await settle(first, ACK);
      assert.equal((await view()).pending, 0);
    }));
}

type Call = Parameters<Steps['settle']>[2];

/** Every call is answered alike and its entries are due again at once, with more fresh items than calls. Answers which calls (from 1) were of an item called before. */
async function retriesAmong(
  { append, advance, lease, settle }: Steps,
  { calls, call }: { readonly calls: number; readonly call: Call },
): Promise<readonly number[]> {
  for (let n = 0; n < calls; n++) await append(`item-${String(n).padStart(3, '0')}`, makeEntries(1));
  const tried = new Set<string>();
  const retries: number[] = [];
  for (let nth = 1; nth <= calls; nth++) {
    await advance(100);
    const taken = await lease(NOW);
    if (tried.has(taken.itemId)) retries.push(nth);
    tried.add(taken.itemId);
    await settle(taken, AGAIN, call);
  }
  return retries;
}
