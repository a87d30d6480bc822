import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from './commands/tail-lines.ts';
import { inert } from './inert.ts';
import { formatLogLine } from './launch/read-log-line.ts';

const COLOURED = 'a\u001b[31mred\r\u009b2J\u0007\u007f\u0000';

test('nothing that a terminal obeys is left, and everything else is', () => {
  assert.equal(inert(COLOURED), 'a\ufffd[31mred\ufffd\ufffd2J\ufffd\ufffd\ufffd');
  const text = 'a\tb\nc <é> 😀 \u200b';
  assert.equal(inert(text), text);
});

test('what Graph said is inert among the colours of a tail, and in a log line that is shown', () => {
  const call = { event: 'call', at: '2026-01-01T00:00:00.000Z', connectionId: 'hr1', itemId: 'a1', status: '403' };
  const line = lineOf({ ...call, entries: 1, retried: 1, reason: COLOURED }, true);
  // Those of the tail itself.
  const uncoloured = line.replaceAll('\u001b[31m403\u001b[0m', '');
  assert.notEqual(uncoloured, line);
  assert.doesNotMatch(uncoloured, /[^\P{Cc}\n\t]/u);
  const logged = formatLogLine(JSON.stringify({ level: 'warn', msg: 'connection held', reason: COLOURED }));
  assert.equal(logged, `warn: connection held (${inert(COLOURED)})`);
});
