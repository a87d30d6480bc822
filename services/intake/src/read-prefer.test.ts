import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPreferWait } from './read-prefer.ts';

test('the first wait counts, 30 seconds at most; what is no wait is passed over', () => {
  const cases: readonly (readonly [string | undefined, number | null])[] = [
    [undefined, null],
    ['', null],
    ['wait=5', 5],
    ['respond-async, Wait = "7"', 7],
    ['wait=0', 0],
    ['wait=31', 30],
    ['wait=999999999', 30],
    ['wait=3; foo=bar, wait=9', 3],
    ['wait', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['wait=abc, wait=4', 4],
    ['return=minimal', null],
    ['nowait=5', null],
  ];
  for (const [header, seconds] of cases) assert.equal(readPreferWait(header), seconds, header ?? 'none');
});
