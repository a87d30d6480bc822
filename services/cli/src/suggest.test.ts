import assert from 'node:assert/strict';
import test from 'node:test';
import { suggest } from './suggest.ts';

const COMMANDS = ['start', 'intake', 'worker', 'emulator', 'console'];

test('a slip of the fingers finds what was meant', () => {
  assert.equal(suggest('strat', COMMANDS), 'start');
  assert.equal(suggest('Wroker', COMMANDS), 'worker');
  assert.equal(suggest('emulater', COMMANDS), 'emulator');
});

test('another word finds nothing', () => {
  assert.equal(suggest('deploy', COMMANDS), null);
  assert.equal(suggest('', COMMANDS), null);
});
