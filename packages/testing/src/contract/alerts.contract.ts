/* One of several consoles tells a person, once when a state begins and once when it ends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALERT_TRIES_MAX } from '@sluice/core';
import { ACK, CONNECTION, makeDeadLetter, makeEntries, makePark } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { type Steps, withStore } from './steps.ts';

const TELL_MS = 30_000;
const sightIn =
  ({ store }: Pick<Steps, 'store'>) =>
  (present: boolean, key = 'held/hr') =>
    store.sightAlert({ key, present, tellMs: TELL_MS });

export function alertsContract(makeStore: MakeStore): void {
  test('who sees it first is to tell that it began; nobody else is, then or later', () =>
    withStore(makeStore, async (steps) => {
      const sight = sightIn(steps);
      assert.deepEqual([await sight(false), await sight(true), await sight(true)], ['none', 'begin', 'none']);
      assert.deepEqual(await steps.store.alertKeys(), ['held/hr']);
      await steps.store.alertTold('held/hr');
      await steps.advance(TELL_MS * 100);
      assert.equal(await sight(true), 'none');
      assert.equal(await sight(true, 'held/other'), 'begin', 'another state is told for itself');
    }));

  test('its end is told once, and after that it may begin again', () =>
    withStore(makeStore, async (steps) => {
      const sight = sightIn(steps);
      await sight(true);
      await steps.store.alertTold('held/hr');
      assert.deepEqual([await sight(false), await sight(false)], ['end', 'none']);
      await steps.store.alertTold('held/hr');
      assert.deepEqual(await steps.store.alertKeys(), []);
      assert.deepEqual([await sight(false), await sight(true)], ['none', 'begin']);
    }));

  test('what was to be told and was not is told by another one, until nobody listens', () =>
    withStore(makeStore, async (steps) => {
      const sight = sightIn(steps);
      for (const said of ['begin', 'end'] as const) {
        for (let tried = 0; tried < ALERT_TRIES_MAX; tried++) {
          assert.equal(await sight(said === 'begin'), said);
          await steps.advance(TELL_MS - 1);
          assert.equal(await sight(said === 'begin'), 'none');
          await steps.advance(1);
        }
        assert.equal(await sight(said === 'begin'), 'none', 'it counts as told');
      }
      assert.deepEqual(await steps.store.alertKeys(), []);
    }));

  test('what is over before anybody told it is told by nobody; what is back before its end was told goes on', () =>
    withStore(makeStore, async (steps) => {
      const sight = sightIn(steps);
      await sight(true);
      await steps.advance(TELL_MS);
      assert.equal(await sight(false), 'none');
      assert.deepEqual(await steps.store.alertKeys(), []);
      await sight(true);
      await steps.store.alertTold('held/hr');
      await sight(false);
      await steps.advance(TELL_MS);
      assert.equal(await sight(true), 'none');
      assert.equal(await sight(false), 'end');
    }));

  test('recent ends are those that are kept and came since then, of both kinds', () =>
    withStore(makeStore, async ({ store, append, lease, settle, advance, nowMs }) => {
      await append('a', makeEntries(9));
      const sinceMs = (await nowMs()) + 100;
      const recent = (most = 100) => store.recentEnds({ connectionId: CONNECTION, sinceMs, most });
      const call = async (entriesMax: number, verdict: Parameters<typeof settle>[1]) => {
        await settle(await lease({ lingerMs: 0, entriesMax }), verdict);
        await advance(100);
      };
      await call(1, makeDeadLetter());
      assert.equal(await recent(), 0);
      await call(3, makeDeadLetter());
      await call(2, makePark());
      await call(2, ACK);
      assert.deepEqual([await recent(), await recent(1)], [5, 2]);
      const choice = { filter: { state: 'dead' }, cursor: null } as const;
      const bounds = { lookedAtMax: 10, chosenMax: 10, deadLettersMax: 100 };
      await store.discard({ connectionId: CONNECTION, choice, ...bounds });
      assert.equal(await recent(), 2);
    }));
}
