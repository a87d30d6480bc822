import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BehaviorInput, completeBehavior } from './behavior.ts';
import { createBehaviorInForce } from './behavior-in-force.ts';

function inForce(input: BehaviorInput) {
  const behavior = createBehaviorInForce();
  behavior.replace(completeBehavior(input));
  return behavior;
}

test('a script is used up in order, each answer as often as it says', () => {
  const { rulesOf } = inForce({ script: [{ status: 500, times: 2 }, { status: 503 }] });
  const statuses = Array.from({ length: 4 }, () => rulesOf('tickets').script.takeNext()?.status);
  assert.deepEqual(statuses, [500, 500, 503, undefined]);
  assert.ok(rulesOf('tickets').script.isEmpty());
});

test('connections share the common script, but one with its own leaves it alone', () => {
  const { rulesOf } = inForce({
    script: [{ status: 500 }, { status: 502 }],
    connections: { own: { script: [{ status: 403 }] }, shares: { rate: 5 } },
  });
  assert.equal(rulesOf('own').script.takeNext()?.status, 403);
  assert.equal(rulesOf('own').script.takeNext(), null);
  assert.equal(rulesOf('shares').script.takeNext()?.status, 500);
  assert.equal(rulesOf('another').script.takeNext()?.status, 502);
});

test('what is shown of a script is what is left of it', () => {
  const behavior = inForce({
    script: [{ status: 500, times: 3 }],
    connections: { own: { script: [{ status: 403 }] } },
  });
  behavior.rulesOf('another').script.takeNext();
  behavior.rulesOf('own').script.takeNext();
  assert.deepEqual(behavior.current().script, [{ status: 500, times: 2 }]);
  assert.deepEqual(behavior.current().connections, { own: { script: [] } });
});

test('chance starts afresh with each replacement and each reseed', () => {
  const behavior = inForce({ seed: 5 });
  const drawn = [behavior.random(), behavior.random()];
  behavior.reseed();
  assert.deepEqual([behavior.random(), behavior.random()], drawn);
  behavior.replace(completeBehavior({ seed: 6 }));
  assert.notEqual(behavior.random(), drawn[0]);
  behavior.replace(completeBehavior({ seed: 5 }));
  assert.equal(behavior.random(), drawn[0]);
});

test('unknown connections are unknown, with or without an override', () => {
  const { rulesOf } = inForce({ unknownConnections: ['gone1', 'gone2'], connections: { gone2: { rate: 5 } } });
  assert.deepEqual(
    ['gone1', 'gone2', 'there'].map((connection) => rulesOf(connection).connectionUnknown),
    [true, true, false],
  );
  assert.equal(rulesOf('gone2').behavior.rate, 5);
});
