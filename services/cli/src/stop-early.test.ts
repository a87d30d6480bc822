import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { stopEarly } from './stop-early.ts';

function fakeProcess(pid: number) {
  const exits: number[] = [];
  return Object.assign(new EventEmitter(), { pid, exits, exit: (code: number) => void exits.push(code) });
}

test('the first process of a container ends at a signal until somebody else listens to it', () => {
  const first = fakeProcess(1);
  stopEarly(first);
  first.emit('SIGTERM');
  first.emit('SIGINT');
  assert.deepEqual(first.exits, [143, 130]);
  first.on('SIGTERM', () => {});
  first.emit('SIGTERM');
  assert.equal(first.exits.length, 2, 'the service stops by itself');
});

test('any other process is left to what signals do by themselves', () => {
  const other = fakeProcess(4711);
  stopEarly(other);
  assert.equal(other.listenerCount('SIGTERM') + other.listenerCount('SIGINT'), 0);
});
