import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUsec } from './read-cost.ts';

test('the microseconds of a command are read, not those of a call', () => {
  assert.equal(parseUsec('calls=3,usec=120,usec_per_call=40.00,rejected_calls=0,failed_calls=0'), 120);
  assert.equal(parseUsec(undefined), 0);
});
