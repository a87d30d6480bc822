import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ANSWER_ROWS } from '@sluice/core';
import { describeAnswers } from './describe-answers.ts';

test('docs/answers.md is what the table says (npm run docs writes it)', () => {
  assert.equal(readFileSync(new URL('../../docs/answers.md', import.meta.url), 'utf8'), describeAnswers());
});

test('every row of the table is on the page, once', () => {
  const rows = describeAnswers()
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| answer '));
  assert.equal(rows.length, ANSWER_ROWS.length);
  for (const { answer, why } of ANSWER_ROWS) {
    const found = rows.filter((row) => row.startsWith(`| ${answer}`) && row.endsWith(`| ${why} |`));
    assert.equal(found.length, 1, answer);
  }
});
