import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptBudget } from './adapt-budget.ts';

const MIB = 1024 * 1024;

test('slow answers lower what may be in work, down to its least; quick ones bring it back', () => {
  let nowMs = 0;
  const budget = adaptBudget({ bytesMin: 6 * MIB, bytesMax: 48 * MIB }, () => nowMs);
  assert.equal(budget.bytes(), 48 * MIB);
  for (let n = 0; n < 100; n++) budget.answered(1000);
  assert.equal(budget.bytes(), 48 * 0.85 * MIB, 'one moment lowers it once');
  for (let n = 0; n < 50; n++) {
    nowMs += 50;
    budget.answered(1000);
  }
  assert.equal(budget.bytes(), 6 * MIB);
  budget.answered(200);
  assert.equal(budget.bytes(), 6 * MIB, 'neither slow nor quick');
  for (let n = 0; n < 400; n++) budget.answered(20);
  assert.equal(budget.bytes(), 48 * MIB);
});
