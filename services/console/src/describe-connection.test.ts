import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { showConnection } from './describe-connection.ts';
import type { Rates } from './live/rate-book.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(ms).toISOString();

/** Every count another number, so that none stands in for another. */
const VIEW = {
  ...{ connectionId: 'hr', nowMs: NOW_MS, state: 'flowing', reason: 'why', blockedSinceMs: NOW_MS - 1000 },
  ...{ pending: 100, leased: 2, leases: 3, delayed: 4, deadLetters: 5, parkedEntries: 6, inFlightLimit: null },
  ...{ appended: 7, duplicates: 8, delivered: 9, retried: 10, dead: 11, parked: 12, replayed: 13, unknown: 14 },
  ...{ expired: 20, erasedPending: 300, discardedPending: 4000, discardedDead: 21, erasedDead: 310 },
  ...{ discardedParked: 22, erasedParked: 320, staleSettles: 15, oldestAcceptedMs: NOW_MS - 5000 },
  bucket: { intervalUs: 40_000, closedUntilMs: NOW_MS + 2000, refusedInARow: 1 },
} as unknown as ConnectionView;
const RATES: Rates = {
  appendedPerSecond: 10.004,
  deliveredPerSecond: 20.008,
  callsPerSecond: 3,
  entriesPerCall: 6.666,
  callSeconds: null,
  lastCallMs: NOW_MS - 100,
};
const FACTS = { tenant: 'contoso', inFlightMax: 25, tenantCallsPerSecond: 33.333 };

test('each number of a connection stands under its name, in the unit that its name says', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(showConnection(VIEW, RATES, FACTS))), {
    connectionId: 'hr',
    tenant: 'contoso',
    state: 'flowing',
    reason: 'why',
    blockedSince: at(NOW_MS - 1000),
    pending: 100,
    inFlight: 2,
    callsInFlight: 3,
    callsInFlightMax: 25,
    delayed: 4,
    oldestPendingAt: at(NOW_MS - 5000),
    deadLetters: 5,
    parkedEntries: 6,
    appended: 7,
    duplicates: 8,
    delivered: 9,
    retried: 10,
    dead: 11,
    parked: 12,
    replayed: 13,
    removed: { pending: 4320, dead: 331, parked: 342 },
    expired: 20,
    unknown: 14,
    staleSettles: 15,
    rates: { appendedPerSecond: 10, deliveredPerSecond: 20.01, callsPerSecond: 3, fill: 6.67 },
    lastCallSeenAt: at(NOW_MS - 100),
    quota: {
      callsPerSecond: 25,
      closedUntil: at(NOW_MS + 2000),
      lastClosedUntil: at(NOW_MS + 2000),
      refusedInARow: 1,
    },
    tenantCallsPerSecond: 33.33,
    timeToDrainSeconds: 10,
    timeToDrain: 'about 10 s',
  });
});

test('what is not there, or is over, is null', () => {
  const bare = showConnection({ ...VIEW, bucket: null, oldestAcceptedMs: null, blockedSinceMs: null }, null, null);
  const { tenant, rates, quota, tenantCallsPerSecond, oldestPendingAt, blockedSince, callsInFlightMax } = bare;
  assert.deepEqual(
    [tenant, rates, quota, tenantCallsPerSecond, oldestPendingAt, blockedSince, callsInFlightMax],
    [null, null, null, null, null, null, 0],
  );
  const closedAt = (closedUntilMs: number) => {
    const { quota: seen } = showConnection({ ...VIEW, bucket: { ...VIEW.bucket!, closedUntilMs } }, RATES, FACTS);
    return [seen?.closedUntil, seen?.lastClosedUntil];
  };
  assert.deepEqual(closedAt(0), [null, null]);
  assert.deepEqual(closedAt(NOW_MS), [null, at(NOW_MS)]);
  assert.equal(showConnection({ ...VIEW, inFlightLimit: 4 }, RATES, FACTS).callsInFlightMax, 4);
});

test('the time to drain: by what goes beyond what comes, never where nothing does, and unknown where rates say nothing', () => {
  const drain = (view: Partial<ConnectionView>, rates: Partial<Rates> | null = {}) => {
    const shown = showConnection({ ...VIEW, ...view }, rates === null ? null : { ...RATES, ...rates }, FACTS);
    return [shown.timeToDrainSeconds, shown.timeToDrain];
  };
  const gains = { appendedPerSecond: 9, deliveredPerSecond: 10 };
  assert.deepEqual(drain({ pending: 0 }), [0, 'empty']);
  assert.deepEqual(drain({ pending: 119 }, gains), [119, 'about 119 s']);
  assert.deepEqual(drain({ pending: 120 }, gains), [120, 'about 2 min']);
  assert.deepEqual(drain({ pending: 7199 }, gains), [7199, 'about 120 min']);
  assert.deepEqual(drain({ pending: 7200 }, gains), [7200, 'about 2 h']);
  assert.deepEqual(drain({}, { appendedPerSecond: 10, deliveredPerSecond: 10 }), [null, 'never at this rate']);
  assert.deepEqual(drain({ state: 'held' }), [null, 'never while it is held']);
  assert.deepEqual(drain({ state: 'paused' }), [null, 'never while it is paused']);
  assert.deepEqual(drain({}, null), [null, 'not known yet']);
  const closed = (ms: number) =>
    drain({ state: 'closed', bucket: { ...VIEW.bucket!, closedUntilMs: NOW_MS + ms } }, gains)[1];
  assert.deepEqual([closed(30_000), closed(30_001)], ['about 100 s', 'not known while it is closed']);
});
