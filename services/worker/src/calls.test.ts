import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedCalls } from './calls.ts';

/** Calls that end when they are told to. */
function scene(max: number) {
  const calls = boundedCalls(max);
  const ends: (() => void)[] = [];
  const begin = (connectionId = 'hr') => calls.begin(connectionId, () => new Promise<void>((end) => ends.push(end)));
  const endOne = async () => {
    ends.shift()!();
    await new Promise(setImmediate);
  };
  return { calls, begin, endOne };
}

test('room is granted up to the bound, whether calls have begun in it or not', async () => {
  const { calls, begin } = scene(5);
  assert.equal(await calls.reserve({ most: 3, withinMs: 0 }), 3);
  begin();
  assert.equal(await calls.reserve({ most: 8, withinMs: 0 }), 2);
  assert.equal(calls.full, true);
  assert.equal(calls.inFlight, 1);
  assert.equal(await calls.reserve({ most: 1, withinMs: 1 }), 0, 'there was none in time');
  calls.giveUp(1);
  assert.equal(await calls.reserve({ most: 8, withinMs: 0 }), 1);
});

test('who waits for room is served in the order of asking, one call each, before anybody who comes later', async () => {
  const { calls, begin, endOne } = scene(2);
  await calls.reserve({ most: 2, withinMs: 0 });
  begin();
  begin();
  const served: string[] = [];
  const ask = async (name: string) => {
    const room = await calls.reserve({ most: 8, withinMs: 60_000 });
    served.push(`${name} ${room}`);
    begin();
  };
  const asked = [ask('first'), ask('second'), ask('third')];
  await endOne();
  await endOne();
  asked.push(ask('late'));
  await endOne();
  await endOne();
  await Promise.all(asked);
  assert.deepEqual(served, ['first 1', 'second 1', 'third 1', 'late 1']);
  assert.equal(calls.inFlight, 2);
});

test('who gave up waiting is not served', async () => {
  const { calls } = scene(1);
  await calls.reserve({ most: 1, withinMs: 0 });
  assert.equal(await calls.reserve({ most: 1, withinMs: 1 }), 0);
  calls.giveUp(1);
  assert.equal(calls.full, false);
});

test('the end of a call wakes who waits for its connection, and no other', async () => {
  const { calls, begin, endOne } = scene(2);
  await calls.reserve({ most: 2, withinMs: 0 });
  begin('hr');
  begin('crm');
  const woken: string[] = [];
  const waits = ['hr', 'crm'].map((id) => calls.ended(id, 60_000).then(() => woken.push(id)));
  await endOne();
  assert.deepEqual(woken, ['hr']);
  await endOne();
  await Promise.all(waits);
  await calls.idle(0);
  assert.deepEqual(woken, ['hr', 'crm']);
});
