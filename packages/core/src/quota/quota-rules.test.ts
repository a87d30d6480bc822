/* The single rules of the controller, each where it decides; how they play together is what `bench -- quota` measures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openBucket } from './bucket.ts';
import { learnQuota } from './learn-quota.ts';
import { type Memory, parseMemory, startMemory, writeMemory } from './quota-memory.ts';
import type { QuotaSettings } from './quota-settings.ts';

const NOW_MS = 1_750_000_000_000;
const SETTINGS: QuotaSettings = { rateInitial: 20, rateMax: null, probeBudget: 0.006, share: 1 };

/** What is remembered after two seconds in which the rate was used and nothing refused. */
function afterUse(rate: number, parts: Partial<Memory>): Memory {
  return learned(rate, parts, 2, null);
}

/** What is remembered after a refusal that ended so many seconds of use. */
function afterRefusal(rate: number, parts: Partial<Memory>, ranS: number, retryAfterMs = 1000): Memory {
  return learned(rate, parts, ranS, retryAfterMs);
}

function learned(rate: number, parts: Partial<Memory>, seconds: number, retryAfterMs: number | null): Memory {
  const nowMs = NOW_MS + seconds * 1000;
  const memory = writeMemory({ ...startMemory(rate), mode: 'hold', ...parts });
  const granted = Math.round(rate * seconds);
  const refusal = retryAfterMs === null ? null : { atMs: nowMs, retryAfterMs };
  const accepted = refusal === null ? granted : granted - 1;
  const bucket = { ...openBucket(Math.round(1e6 / rate), NOW_MS), memory, granted, accepted, refusal };
  const next = parseMemory(learnQuota(bucket, SETTINGS, nowMs).memory);
  assert.ok(next !== null);
  return next;
}

test('the first probe after a search comes after ten quiet seconds: it narrows down what the search left open', () => {
  assert.equal(afterUse(50, { quietS: 7, heldS: 7 }).mode, 'hold');
  assert.equal(afterUse(50, { quietS: 8, heldS: 8 }).mode, 'probe');
  // The second one waits for as long as its cost demands: a second closed in 0.6 % of the time.
  assert.equal(afterUse(50, { quietS: 150, heldS: 150, probes: 1 }).mode, 'hold');
  assert.equal(afterUse(50, { quietS: 165, heldS: 165, probes: 1 }).mode, 'probe');
});

test('at a small rate a refusal is a large share of the calls, so the first probe waits for half of what it costs', () => {
  assert.equal(afterUse(5, { quietS: 80, heldS: 80 }).mode, 'hold');
  assert.equal(afterUse(5, { quietS: 99, heldS: 99 }).mode, 'probe');
});

test('where refusals close for milliseconds only, a probe that ended with a coarse step is followed soon, a fine one is not', () => {
  const quiet = { quietS: 11, heldS: 11, probes: 1, costS: 0.1 };
  assert.equal(afterUse(50, { ...quiet, step: 0.04 }).mode, 'probe');
  assert.equal(afterUse(50, { ...quiet, step: 0.02, costCalls: 3 }).mode, 'hold');
  assert.equal(afterUse(50, { ...quiet, step: 0.04, costS: 1 }).mode, 'hold', 'a second closed is not cheap');
});

test('a search ends at rates 5 % apart, and at small ones goes on: a probe of those is rare', () => {
  const searched = (rate: number, gap: number) =>
    afterUse(rate, { mode: 'search', low: rate * 0.9, lowS: 5, high: rate * (1 + gap), heldS: 6 }).mode;
  assert.deepEqual([searched(50, 0.04), searched(50, 0.06)], ['hold', 'search']);
  assert.deepEqual([searched(5.9, 0.016), searched(5.9, 0.018)], ['hold', 'search']);
});

test('a probe of a small limit with a long reserve that climbed goes back at once to the rate that the next run measures again', () => {
  const climbed = (parts: Partial<Memory>) =>
    afterRefusal(7, { mode: 'climb', low: 5, lowS: 1, base: 5, probes: 1, afterClosure: 1, ...parts }, 4);
  const back = climbed({});
  // 27 calls in 4 s and a second closed are 5.4 a second, within 12 % of the 5 it came from.
  assert.deepEqual([back.mode, back.rate, back.base], ['hold', 5, 0]);
  assert.equal(climbed({ base: 4 }).mode, 'search', 'a run that measures another rate');
  assert.equal(climbed({ afterClosure: 0 }).mode, 'search', 'a run that did not begin with a closure measures nothing');
  assert.ok(climbed({ reserveS: 0.05 }).rate > 6.5, 'with a short reserve what held was below the limit');
});

test('such a probe keeps the rate it came from when it climbs; one of a larger limit, or with a short reserve, does not', () => {
  const climbs = (rate: number, parts: Partial<Memory>) => {
    const probing = { mode: 'probe', base: rate / 1.2, step: 0.2, heldS: 2, sustained: rate, probes: 1 } as const;
    const { mode, base } = afterUse(rate, { ...probing, ...parts });
    return [mode, base];
  };
  assert.deepEqual(climbs(6, {}), ['climb', 5]);
  assert.deepEqual(climbs(60, {}), ['climb', 0]);
  assert.deepEqual(climbs(6, { reserveS: 0.05 }), ['climb', 0]);
});

test('an early refusal lowers the rate by little, by more where no probe has confirmed it, and early ones in a row search', () => {
  const early = (rate: number, parts: Partial<Memory>) => afterRefusal(rate, { reserveS: 0.02, ...parts }, 4);
  assert.equal(early(100, { probes: 1 }).rate, 98);
  assert.equal(early(100, {}).rate, 97);
  assert.equal(early(5, {}).rate, 4.9, 'what the search left open at a small rate is less');
  assert.equal(early(100, { slips: 1, probes: 3 }).probes, 3, 'seconds later it may be chance once more');
  assert.equal(early(100, { slips: 2, probes: 3 }).probes, 0, 'a third time the limit is another one');
  assert.equal(afterRefusal(100, { reserveS: 0.02, slips: 1 }, 2).mode, 'search', 'at once after the one before');
});

test('early refusals are none of the late ones in a row: the first late one after them begins to count anew', () => {
  const early = afterRefusal(100, { reserveS: 0.02, slips: 0, slippedFrom: 103, probes: 1 }, 4);
  assert.deepEqual([early.rate, early.slips, early.slippedFrom], [98, 1, 0]);
  const late = afterRefusal(98, { ...early, openMs: NOW_MS, reserveS: 0.02 }, 20);
  assert.deepEqual([late.slips, late.slippedFrom], [1, 98]);
});
