import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StoreMemory, watchMemory } from './watch-memory.ts';

function openWatch(first: number) {
  let nowMs = 0;
  let usedBytes = first;
  let bytesMax = 100;
  let fails = false;
  const changes: boolean[] = [];
  const read = async (): Promise<StoreMemory> => {
    if (fails) throw new Error('away');
    return { usedBytes, bytesMax };
  };
  return {
    changes,
    set: (used: number, max = 100) => {
      usedBytes = used;
      bytesMax = max;
    },
    fail: () => {
      fails = true;
    },
    start: (t: import('node:test').TestContext) => {
      t.mock.timers.enable({ apis: ['setInterval'] });
      const watch = watchMemory({ read, clock: () => nowMs, chance: () => 0, onChange: (full) => changes.push(full) });
      t.after(watch.stop);
      const pass = async (ms: number) => {
        for (let passed = 0; passed < ms; passed += 250) {
          nowMs += 250;
          t.mock.timers.tick(250);
          for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        }
      };
      return { watch, pass };
    },
  };
}

test('from four fifths on there is no room, until clearly below it; without a limit there always is', async (t) => {
  const memory = openWatch(79);
  const { watch, pass } = memory.start(t);
  await pass(250);
  assert.equal(watch.fullForS(), null);
  memory.set(80);
  await pass(250);
  assert.notEqual(watch.fullForS(), null);
  memory.set(79);
  await pass(250);
  assert.notEqual(watch.fullForS(), null, 'not yet clearly below');
  memory.set(77);
  await pass(250);
  assert.equal(watch.fullForS(), null);
  memory.set(1e12, 0);
  await pass(250);
  assert.equal(watch.fullForS(), null);
  assert.deepEqual(memory.changes, [true, false]);
});

test('the time until there is room follows from how fast it is freed', async (t) => {
  const memory = openWatch(100);
  const { watch, pass } = memory.start(t);
  await pass(250);
  assert.equal(watch.fullForS(), 10, 'nobody knows yet');
  for (const used of [99, 98, 97, 96]) {
    memory.set(used);
    await pass(1000);
  }
  // 1 a second, 18 above 78.
  assert.equal(watch.fullForS(), 18);
});

test('an old look says nothing', async (t) => {
  const memory = openWatch(90);
  const { watch, pass } = memory.start(t);
  await pass(250);
  memory.fail();
  await pass(5000);
  assert.notEqual(watch.fullForS(), null);
  await pass(250);
  assert.equal(watch.fullForS(), null);
});
