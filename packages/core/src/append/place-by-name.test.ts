import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeByName } from './place-by-name.ts';

test('a name is placed where it has always been: entries lie there', () => {
  const placed = ['contoso', 'fabrikam', 'default', 'é'].map((name) => [1, 3, 64].map((n) => placeByName(name, n)));
  assert.deepEqual(placed, [
    [0, 1, 38],
    [0, 0, 21],
    [0, 2, 44],
    [0, 1, 41],
  ]);
});

test('names that differ in a number are spread evenly', () => {
  const counts = new Array<number>(16).fill(0);
  for (let n = 0; n < 16_000; n++) counts[placeByName(`tenant-${n}`, 16)]!++;
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${count} of 1000`);
});
