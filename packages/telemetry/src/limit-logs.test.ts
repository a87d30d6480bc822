import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitLogs } from './limit-logs.ts';
import { createLogger } from './logger.ts';

test('one line a second, which says how many went unsaid', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const logger = createLogger('intake', 'info', { write: (line) => lines.push(line) });
  const say = limitLogs(logger, 'storing failed', () => nowMs);
  for (let n = 0; n < 5; n++) say(new Error(`e${n}`));
  nowMs = 999;
  say(new Error('e5'));
  nowMs = 1000;
  say(new Error('e6'));
  nowMs = 1500;
  say(new Error('e7'));
  nowMs = 2000;
  say(new Error('e8'));
  const said = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    said.map(({ msg, err, unsaid }) => [msg, err.message, unsaid]),
    [
      ['storing failed', 'e0', 0],
      ['storing failed', 'e6', 5],
      ['storing failed', 'e8', 1],
    ],
  );
});
