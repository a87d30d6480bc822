import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchStore } from './watch-store.ts';

function openWatch(t: import('node:test').TestContext, enough: (level: string) => boolean = () => true) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const state = { nowMs: 0, away: false, durability: 'fsync', asked: 0, connected: () => {} };
  const store = {
    ping: async () => {
      if (state.away) throw new Error('away');
    },
    durability: async () => {
      state.asked++;
      return state.durability;
    },
    onConnection: (listener: () => void) => {
      state.connected = listener;
    },
  };
  const lines: string[] = [];
  const keep = (fields: object, msg: string) => void lines.push(JSON.stringify({ ...fields, msg }));
  const logger = { info: keep, warn: keep };
  const watch = watchStore({ store, clock: () => state.nowMs, logger, isEnough: enough });
  t.after(() => watch.stop());
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1000) {
      state.nowMs += 1000;
      t.mock.timers.tick(1000);
      // The promises of one look: ping, durability, and what follows each.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  };
  return { watch, state, pass, lines };
}

test('not ready before the first answer; ready until ten seconds passed without one; ready again with the next', async (t) => {
  const { watch, state, pass } = openWatch(t);
  assert.deepEqual(watch.ready(), { ready: false, reason: 'Redis has not been reached yet.' });
  assert.equal(watch.durability(), null);
  await pass(1000);
  assert.deepEqual(watch.ready(), { ready: true });
  state.away = true;
  await pass(9000);
  assert.deepEqual(watch.ready(), { ready: true });
  await pass(1000);
  assert.deepEqual(watch.ready(), { ready: false, reason: 'Redis has not answered for 10 seconds.' });
  state.away = false;
  await pass(1000);
  assert.deepEqual(watch.ready(), { ready: true });
});

test('durability is read at first, every minute, after each absence, and again while it is unknown', async (t) => {
  const { watch, state, pass } = openWatch(t);
  await pass(1000);
  assert.deepEqual([watch.durability(), state.asked], ['fsync', 1]);
  await pass(59_000);
  assert.equal(state.asked, 1);
  state.durability = 'memory';
  await pass(1000);
  assert.deepEqual([watch.durability(), state.asked], ['memory', 2]);
  state.away = true;
  await pass(2000);
  assert.deepEqual([watch.durability(), state.asked], ['memory', 2]);
  state.away = false;
  state.durability = 'unknown';
  await pass(1000);
  assert.equal(watch.durability(), 'unknown');
  state.durability = 'fsync-1s';
  await pass(1000);
  assert.equal(watch.durability(), 'fsync-1s');
});

test('an absence is said once, and its end', async (t) => {
  const { state, pass, lines } = openWatch(t);
  await pass(1000);
  state.away = true;
  await pass(5000);
  state.away = false;
  await pass(2000);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['durability read', 'Redis does not answer', 'Redis answers again'],
  );
});

test('reaching ends with the first answer', async (t) => {
  const { watch } = openWatch(t);
  await watch.reach(5000);
  assert.equal(watch.durability(), 'fsync');
});

test('at each connection nothing is promised before durability is read anew; while it is too low it is read every second', async (t) => {
  const { watch, state, pass } = openWatch(t, (level) => level === 'fsync');
  await pass(1000);
  assert.deepEqual([watch.durability(), state.asked], ['fsync', 1]);
  state.durability = 'memory';
  state.connected();
  assert.equal(watch.durability(), null);
  await pass(1000);
  assert.equal(watch.durability(), 'memory');
  state.durability = 'fsync';
  await pass(1000);
  assert.equal(watch.durability(), 'fsync');
  const { asked } = state;
  await pass(3000);
  assert.equal(state.asked, asked);
  watch.doubt();
  await pass(1000);
  assert.equal(state.asked, asked + 1);
});
