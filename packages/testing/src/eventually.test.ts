import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './eventually.ts';

test('answers the first truthy value', async () => {
  let n = 0;
  assert.equal(await eventually(() => ++n > 2 && `after ${n}`, { withinMs: 2000, what: 'three polls' }), 'after 3');
});

test('a condition that throws is asked again', async () => {
  let n = 0;
  const condition = async () => {
    if (++n < 3) throw new Error('not yet');
    return n;
  };
  assert.equal(await eventually(condition, { withinMs: 2000, what: 'three polls' }), 3);
});

test('the error says what was waited for, and the last value', async () => {
  const waiting = eventually(() => 0, { withinMs: 1, what: 'the queue is empty' });
  await assert.rejects(waiting, /the queue is empty: did not happen within 1 ms; the last value was 0\./);
});

test('the error shows the last error of the condition', async () => {
  const condition = () => {
    throw new Error('connection refused');
  };
  await assert.rejects(eventually(condition, { withinMs: 1, what: 'an answer' }), /an answer.*connection refused/s);
});
