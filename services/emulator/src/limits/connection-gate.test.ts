import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGates, type GateLimits, openGate } from './connection-gate.ts';

const START_MS = 1_800_000_000_000;
const limits = (over: Partial<GateLimits>): GateLimits => ({
  rate: null,
  window: 'bucket',
  burst: 1,
  concurrency: null,
  accrueThrottled: true,
  background: { rate: 0 },
  latencyMs: [5, 20],
  ...over,
});

test('calls in flight are bounded, and a call that ended makes room', () => {
  const two = limits({ concurrency: 2 });
  const gate = openGate(START_MS);
  assert.equal(gate.enter(two, START_MS), 0);
  assert.equal(gate.enter(two, START_MS), 0);
  assert.equal(gate.enter(two, START_MS), 20, 'one in flight takes at most the longest latency');
  gate.leave();
  assert.equal(gate.enter(two, START_MS), 0);
});

test('a call refused by the rate is not in flight', () => {
  const one = limits({ rate: 1, concurrency: 1 });
  const gate = openGate(START_MS);
  assert.equal(gate.enter(one, START_MS), 0);
  gate.leave();
  assert.notEqual(gate.enter(one, START_MS), 0);
  assert.ok(gate.isIdle());
});

test('a call refused for concurrency counts against the rate only where throttled calls count', () => {
  for (const accrueThrottled of [true, false]) {
    const rules = limits({ rate: 10, burst: 2, concurrency: 1, accrueThrottled });
    const gate = openGate(START_MS);
    gate.enter(rules, START_MS);
    gate.enter(rules, START_MS);
    gate.leave();
    assert.equal(gate.enter(rules, START_MS) === 0, !accrueThrottled);
  }
});

test('the background client spends the same quota, and what it was refused is counted', () => {
  const shared = limits({ rate: 10, burst: 1, accrueThrottled: false, background: { rate: 8 } });
  const gate = openGate(START_MS);
  let own = 0;
  for (let ms = 0; ms < 60_000; ms += 5) if (gate.enter(shared, START_MS + ms) === 0) own++;
  const { accepted, refused } = gate.background(shared, START_MS + 60_000);
  assert.ok(Math.abs(own + accepted - 600) <= 2, `${own} own and ${accepted} background calls share 600`);
  assert.equal(accepted + refused, 480);
  assert.ok(refused > 0 && accepted > 0);
});

test('a long pause costs the background client at most its last minute', () => {
  const shared = limits({ rate: 10_000, background: { rate: 10_000 } });
  const gate = openGate(START_MS);
  gate.enter(shared, START_MS);
  const { accepted, refused } = gate.background(shared, START_MS + 10 * 86_400_000);
  assert.ok(accepted + refused <= 600_001);
});

test('each tenant has a quota of its own on a connection of the same name', () => {
  const gates = createGates(() => START_MS);
  const one = limits({ rate: 1 });
  assert.equal(gates.of('contoso', 'tickets').enter(one, START_MS), 0);
  assert.notEqual(gates.of('contoso', 'tickets').enter(one, START_MS), 0);
  assert.equal(gates.of('fabrikam', 'tickets').enter(one, START_MS), 0);
});

test('more connections than are kept forget an idle one, never one with calls in flight', () => {
  const gates = createGates(() => START_MS);
  const busy = gates.of('t', 'busy');
  busy.enter(limits({}), START_MS);
  for (let i = 0; i < 10_050; i++) gates.of('t', `c${i}`);
  assert.equal([...gates.each()].length, 10_000);
  assert.equal(gates.of('t', 'busy'), busy);
});
