import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptedActivity } from '@sluice/core';
import { rememberBy } from './remember-as.ts';

const ONE: AcceptedActivity = {
  index: 0,
  itemId: 'a1',
  id: 'mine',
  activity: { type: 'viewed', startMs: 5, performedBy: { type: 'externalGroup', id: 'g' } },
};

test('an id is one on its connection and item, whatever else the activity says', () => {
  const number = rememberBy('id');
  const first = number('hr1', ONE);
  assert.match(String(first), /^\d{1,19}$/);
  assert.ok(BigInt(first!) < 2n ** 63n);
  assert.equal(number('hr1', { ...ONE, index: 7, activity: { ...ONE.activity, type: 'created' } }), first);
  const others = [number('hr2', ONE), number('hr1', { ...ONE, itemId: 'a2' }), number('hr1', { ...ONE, id: 'Mine' })];
  assert.equal(new Set([first, ...others]).size, 4);
  assert.equal(number('hr1', { ...ONE, id: null }), null);
});

test('content: without an id, what was done is the id; with one, the id decides', () => {
  const number = rememberBy('content');
  assert.equal(number('hr1', ONE), rememberBy('id')('hr1', ONE));
  const plain = { ...ONE, id: null };
  const first = number('hr1', plain);
  assert.equal(number('hr1', { ...plain, index: 9 }), first);
  const { activity } = plain;
  const others = [
    number('hr2', plain),
    number('hr1', { ...plain, itemId: 'a2' }),
    number('hr1', { ...plain, activity: { ...activity, type: 'created' } }),
    number('hr1', { ...plain, activity: { ...activity, startMs: 6 } }),
    number('hr1', { ...plain, activity: { ...activity, performedBy: { type: 'externalGroup', id: 'h' } } }),
    number('hr1', { ...plain, activity: { ...activity, performedBy: { type: 'group', id: 'g' } } }),
  ];
  assert.equal(new Set([first, ...others]).size, 7);
});

test('off: nothing is remembered', () => {
  assert.equal(rememberBy('off')('hr1', ONE), null);
});
