import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countInFlight, IN_FLIGHT_UNLOWERED, type InFlightLimit, inFlightMaxOf } from './in-flight-limit.ts';

const NOW_MS = 1_750_000_000_000;
const FAILED = { quota: 'none', failed: true } as const;
const ANSWERED = { quota: 'accepted', failed: false } as const;
const THROTTLED = { quota: 'refused', failed: null } as const;

test('failures a second apart lower it to seven tenths each, down to one call and no further', () => {
  let limit = IN_FLIGHT_UNLOWERED;
  const seen = [];
  for (let second = 0; second < 8; second++) {
    limit = countInFlight(limit, FAILED, { inFlightMax: 20, nowMs: NOW_MS + second * 1000 });
    seen.push(inFlightMaxOf(limit, 20));
  }
  assert.deepEqual(seen, [14, 9, 6, 4, 2, 1, 1, 1]);
});

test('calls that fail together lower it once', () => {
  let limit = IN_FLIGHT_UNLOWERED;
  for (let ms = 0; ms < 1000; ms += 50) limit = countInFlight(limit, FAILED, { inFlightMax: 20, nowMs: NOW_MS + ms });
  assert.equal(inFlightMaxOf(limit, 20), 14);
});

test('each round of answered calls raises it by about one, back to the maximum, and then it is forgotten', () => {
  let limit: InFlightLimit = { millionths: 1_000_000, loweredAtMs: NOW_MS };
  let calls = 0;
  for (; limit.millionths !== null; calls++) limit = countInFlight(limit, ANSWERED, { inFlightMax: 20, nowMs: NOW_MS });
  assert.ok(calls > 180 && calls < 220, `${calls} calls from 1 to 20`);
  assert.deepEqual(limit, { millionths: null, loweredAtMs: NOW_MS });
});

test('a 429 and a call that says nothing change nothing', () => {
  const limit: InFlightLimit = { millionths: 7_500_000, loweredAtMs: NOW_MS - 5000 };
  const now = { inFlightMax: 20, nowMs: NOW_MS };
  assert.equal(countInFlight(limit, THROTTLED, now), limit);
  assert.equal(countInFlight(limit, { quota: 'refused', failed: true }, now), limit);
  assert.equal(countInFlight(limit, { quota: 'none', failed: null }, now), limit);
});

test('whatever happens, it is from one call to the configured maximum, in whole millionths', () => {
  const step = fc.record({
    call: fc.constantFrom(FAILED, ANSWERED, ANSWERED, THROTTLED),
    inFlightMax: fc.constantFrom(1, 2, 5, 20, 1000),
    afterMs: fc.nat(1500),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let limit = IN_FLIGHT_UNLOWERED;
      let nowMs = NOW_MS;
      for (const { call, inFlightMax, afterMs } of steps) {
        nowMs += afterMs;
        limit = countInFlight(limit, call, { inFlightMax, nowMs });
        const calls = inFlightMaxOf(limit, inFlightMax);
        assert.ok(Number.isInteger(calls) && calls >= 1 && calls <= inFlightMax, `${calls} of ${inFlightMax}`);
        assert.ok(limit.millionths === null || Number.isInteger(limit.millionths));
      }
    }),
  );
});
