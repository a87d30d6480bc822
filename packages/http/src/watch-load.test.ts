import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { watchLoad } from './watch-load.ts';

const LIMITS = { answeringMax: 10, answeringMin: 3, turnMsMax: 100 };

test('beyond the most that are answered at once the load is too high, until one of them is closed', (t) => {
  const load = watchLoad(LIMITS, () => 0);
  t.after(load.stop);
  const responses = Array.from({ length: 10 }, () => new EventEmitter() as ServerResponse);
  for (const response of responses) {
    assert.equal(load.isTooHigh(), false);
    load.enter(response);
  }
  assert.equal(load.isTooHigh(), true);
  responses[3]!.emit('close');
  assert.equal(load.isTooHigh(), false);
});

test('a turn of the event loop that does not end is too much load, if there is work that could be the cause', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  const load = watchLoad(LIMITS, () => nowMs);
  t.after(load.stop);
  nowMs = 500;
  assert.equal(load.isTooHigh(), false, 'a machine that stood still');
  for (let n = 0; n < 3; n++) load.enter(new EventEmitter() as ServerResponse);
  assert.equal(load.isTooHigh(), true);
  t.mock.timers.tick(10);
  assert.equal(load.isTooHigh(), false, 'the turn has ended');
  nowMs = 590;
  assert.equal(load.isTooHigh(), false);
});
