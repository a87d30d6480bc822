import assert from 'node:assert/strict';
import test from 'node:test';
import { CLOCK_START_MS, manualClock } from './manual-clock.ts';

test('time stands still until the test moves it', async () => {
  const clock = manualClock();
  assert.equal(clock.nowMs(), CLOCK_START_MS);
  await clock.advance(1.5);
  assert.equal(clock.nowUs(), CLOCK_START_MS * 1000 + 1500);
  assert.equal(clock.nowMs(), CLOCK_START_MS + 1);
});

test('what waits goes on in order of its time, and may wait again within the same advance', async () => {
  const clock = manualClock(0);
  const seen: string[] = [];
  const ticker = async () => {
    for (let n = 1; n <= 3; n++) {
      await clock.wait(10);
      seen.push(`tick ${clock.nowMs()}`);
    }
  };
  const late = clock.wait(25).then(() => seen.push(`late ${clock.nowMs()}`));
  const ticking = ticker();
  await clock.advance(40);
  await Promise.all([ticking, late]);
  assert.deepEqual(seen, ['tick 10', 'tick 20', 'late 25', 'tick 30']);
  assert.equal(clock.nowMs(), 40);
});

test('an aborted wait ends at once', async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const waiting = clock.wait(1000, stop.signal);
  stop.abort();
  await waiting;
  await clock.wait(1000, stop.signal);
  assert.equal(clock.nowMs(), CLOCK_START_MS);
});
