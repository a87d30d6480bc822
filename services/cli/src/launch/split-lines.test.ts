import assert from 'node:assert/strict';
import test from 'node:test';
import { lineSplitter } from './split-lines.ts';

test('lines and letters that come in pieces are put together', () => {
  const lines: string[] = [];
  const splitter = lineSplitter((part) => lines.push(...part));
  const bytes = Buffer.from('grün\nblau\nrest');
  for (const byte of bytes) splitter.push(Buffer.from([byte]));
  splitter.end();
  assert.deepEqual(lines, ['grün', 'blau', 'rest']);
});

test('a line without an end does not fill the memory', () => {
  const lines: string[] = [];
  const splitter = lineSplitter((part) => lines.push(...part));
  for (let n = 0; n < 10; n++) splitter.push(Buffer.alloc(20_000, 'x'));
  assert.ok(lines.length >= 2);
  assert.ok(lines.every((line) => line.length <= 100_000));
});
