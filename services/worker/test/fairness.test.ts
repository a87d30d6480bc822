/* Connections leave one another alone, share evenly what is scarce, and more workers do more: in simulated time, the same on each run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimulatedConnection, simulateFleet } from './simulated-fleet.ts';

const SECONDS = 12;
const CALM: SimulatedConnection = {
  id: 'calm',
  rate: 40,
  latencyMs: 20,
  items: 4,
  entries: 40 * SECONDS * 2,
  answer: 'taken',
};

const NEIGHBOURS: readonly (readonly [string, Partial<SimulatedConnection>])[] = [
  ['is throttled', { answer: 'throttled' }],
  ['is held', { answer: 'forbidden' }],
  ['is slow, with as many calls at once as it may have', { latencyMs: 8000 }],
  ['has one hot item and no limit', { items: 1, rate: 400, entries: 400 * SECONDS * 2 }],
];

async function calmCalls(neighbours: readonly SimulatedConnection[]): Promise<number> {
  const taken = await simulateFleet({
    workers: 2,
    callsMax: 30,
    connections: [...neighbours, CALM],
    seconds: SECONDS,
  });
  return taken.get('calm')!;
}

for (const [what, parts] of NEIGHBOURS) {
  test(`a connection whose neighbour ${what} has 95 % of its rate alone`, async () => {
    const alone = await calmCalls([]);
    const beside = await calmCalls([{ ...CALM, ...parts, id: 'neighbour' }]);
    assert.ok(alone >= CALM.rate * SECONDS * 0.97, `alone ${alone}`);
    assert.ok(beside >= alone * 0.95, `${beside} beside it, ${alone} alone`);
  });
}

test('a hundred connections that want more than two workers can call share them evenly', async () => {
  const connections = Array.from({ length: 100 }, (_, n) => ({
    ...CALM,
    id: `even${n}`,
    rate: 5,
    latencyMs: 100,
    entries: 120,
  }));
  const taken = await simulateFleet({ workers: 2, callsMax: 10, connections, seconds: 10 });
  const calls = [...taken.values()];
  const sum = calls.reduce((total, count) => total + count, 0);
  const jain = sum ** 2 / (calls.length * calls.reduce((total, count) => total + count ** 2, 0));
  assert.ok(sum >= 1800, `${sum} of 2000 calls that fit`);
  assert.ok(jain >= 0.95, `Jain ${jain}; ${Math.min(...calls)} to ${Math.max(...calls)} calls`);
});

test('four workers call 3.2 times as often as one where Graph is slow and without limit', async () => {
  const connections = Array.from({ length: 40 }, (_, n) => ({
    ...CALM,
    id: `wide${n}`,
    rate: 1000,
    latencyMs: 200,
    entries: 200,
  }));
  const rates = [];
  for (const workers of [1, 4]) {
    const taken = await simulateFleet({ workers, callsMax: 50, connections, seconds: 4 });
    rates.push([...taken.values()].reduce((total, count) => total + count, 0));
  }
  assert.ok(rates[1]! >= 3.2 * rates[0]!, rates.join(', '));
});
