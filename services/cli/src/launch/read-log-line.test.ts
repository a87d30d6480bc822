import assert from 'node:assert/strict';
import test from 'node:test';
import { formatLogLine, parseLogLine } from './read-log-line.ts';

test('a log line is shown with level, text and the error’s own words', () => {
  const line = JSON.stringify({ level: 'error', msg: 'Redis is away', err: { message: 'connect ECONNREFUSED' } });
  assert.equal(formatLogLine(line), 'error: Redis is away (connect ECONNREFUSED)');
});

test('what is not a log line is shown as it is', () => {
  assert.equal(formatLogLine('SyntaxError: x'), 'SyntaxError: x');
  assert.equal(parseLogLine('{"msg":1}'), null);
  assert.equal(parseLogLine('{broken'), null);
});
