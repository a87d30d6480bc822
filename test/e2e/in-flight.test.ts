/* Calls in flight when Graph changes under way: slow answers do not make it collapse, failures make it careful and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { assertDeliveredOnce, drained, openStore } from '../support/conservation.ts';
import type { EmulatorControl } from '../support/emulator-control.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const items = Array.from({ length: 50 }, (_, n) => `item-${n}`);
const PATIENT = { SLUICE_CALL_TIMEOUT_MS: '20000', SLUICE_LEASE_MS: '30000' };
const NO_LIMITS = { rate: null, concurrency: null };

/** When calls that Graph took were answered, from a moment on. */
async function answersFrom(emulator: EmulatorControl, fromMs: number): Promise<readonly number[]> {
  const calls = new Map((await emulator.ledger()).map((line) => [line.call, Date.parse(line.at)]));
  return [...calls.values()].filter((atMs) => atMs >= fromMs).sort((a, b) => a - b);
}

test('when answers take 5 s instead of 20 ms, calls in flight ÷ latency is still used to four fifths', async (t) => {
  const inFlight = 20;
  const system = await startSystem({
    env: { ...PATIENT, SLUICE_INFLIGHT_MAX: String(inFlight) },
    behavior: { ...NO_LIMITS, latencyMs: [20, 20] },
  });
  const store = openStore(system);
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const post = async (count: number) => {
      for (let n = 0; n < count; n += 1000) await producer.post({ connection: 'slow', items, count: 1000 });
    };
    await post(4000);
    await eventually(async () => ((await store.connection('slow'))?.delivered ?? 0) >= 1000, {
      withinMs: 20_000,
      what: 'calls flow',
    });
    await system.emulator.behave({ ...NO_LIMITS, latencyMs: [5000, 5000] });
    const stepMs = Date.now();
    await post(4000);
    // The first round of slow answers begins the measurement, three more are measured.
    const answers = await eventually(
      async () => {
        const times = await answersFrom(system.emulator, stepMs + 4000);
        return times.length >= 4 * inFlight && times;
      },
      { withinMs: 60_000, what: 'four rounds of slow answers' },
    );
    const seconds = (answers[4 * inFlight - 1]! - answers[inFlight - 1]!) / 1000;
    const used = (3 * inFlight) / seconds / (inFlight / 5);
    t.diagnostic(`goodput ${(used * 100).toFixed(1)} % of calls in flight ÷ latency`);
    assert.ok(used >= 0.8, `${used}`);
    assert.equal((await store.connection('slow'))?.inFlightLimit, null, 'slow is not failed');
    await system.emulator.behave({ ...NO_LIMITS, latencyMs: [1, 3] });
    await drained(system, ['slow'], 30_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    await store.close();
    await system.stop();
  }
});

test('a Graph that only fails is called one at a time; when it answers again, all calls in flight come back', async () => {
  const system = await startSystem({
    env: { ...PATIENT, SLUICE_INFLIGHT_MAX: '8', SLUICE_RETRY_ATTEMPTS_MAX: '1000' },
    behavior: { ...NO_LIMITS, shares: { '500': 1 } },
  });
  const store = openStore(system);
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    await producer.post({ connection: 'failing', items, count: 4000 });
    const limit = async () => (await store.connection('failing'))?.inFlightLimit;
    await eventually(async () => (await limit()) === 1, { withinMs: 60_000, what: 'one call in flight' });
    await system.emulator.behave({ ...NO_LIMITS, latencyMs: [1, 3] });
    await eventually(async () => (await limit()) === null, { withinMs: 30_000, what: 'as many as are configured' });
    await drained(system, ['failing'], 30_000);
    await assertDeliveredOnce(system, producer);
  } finally {
    await store.close();
    await system.stop();
  }
});
