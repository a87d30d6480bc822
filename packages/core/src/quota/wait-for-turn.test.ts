import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWaiting, TURN_LOOK_US, WAITING_MS, waitForTurn } from './wait-for-turn.ts';

const NOW_MS = 1_750_000_000_000;
const NOW_US = NOW_MS * 1000;
const bucket = (tatUs: number) => ({ tatUs, intervalUs: 25_000 });
const grantedAt = (...times: readonly number[]) =>
  times.map((grantedUs, n) => ({ connectionId: `c${n}`, grantedUs, askedMs: NOW_MS }));

test('with a token and nobody who waited longer it is one’s turn', () => {
  assert.equal(waitForTurn(bucket(NOW_US), { grantedUs: 5, line: [] }, NOW_US), null);
  assert.equal(waitForTurn(bucket(NOW_US), { grantedUs: 5, line: grantedAt(5, 6) }, NOW_US), null);
});

test('without a token one waits for it, and for those who were granted a call earlier to spend theirs', () => {
  const tat = NOW_US + 7000;
  assert.equal(waitForTurn(bucket(tat), { grantedUs: 5, line: grantedAt(6) }, NOW_US), tat);
  assert.equal(waitForTurn(bucket(tat), { grantedUs: 5, line: grantedAt(1, 2, 6) }, NOW_US), tat + 50_000);
  assert.equal(waitForTurn(bucket(NOW_US - 9), { grantedUs: 5, line: grantedAt(1) }, NOW_US), NOW_US + 25_000);
});

test('however long the line, one looks again soon, and never before the next token', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: -1_000_000, max: 5_000_000 }), (others, tokenInUs) => {
      const tatUs = NOW_US + tokenInUs;
      const line = grantedAt(...Array.from({ length: others }, (_, n) => n));
      const atUs = waitForTurn(bucket(tatUs), { grantedUs: 1000, line }, NOW_US);
      if (atUs === null) return assert.ok(others === 0 && tatUs <= NOW_US);
      assert.ok(atUs > NOW_US && atUs >= tatUs && atUs <= Math.max(tatUs, NOW_US + TURN_LOOK_US));
    }),
  );
});

test('who does not ask again within 300 ms is no longer waiting', () => {
  const [one] = grantedAt(1);
  assert.ok(isWaiting(one!, NOW_MS + WAITING_MS));
  assert.ok(!isWaiting(one!, NOW_MS + WAITING_MS + 1));
});
