import assert from 'node:assert/strict';
import test from 'node:test';
import { openScreen } from './screen.ts';

function fakeOutput(isTTY: boolean, columns: number) {
  const written: string[] = [];
  const output = { isTTY, columns, written, write: (text: string) => written.push(text) > 0, on: () => output };
  return output as typeof output & Parameters<typeof openScreen>[0];
}

test('on a terminal the status stays the last line, and never wraps', () => {
  const out = fakeOutput(true, 10);
  const screen = openScreen(out, fakeOutput(true, 10));
  screen.setStatus('0123456789abc');
  screen.print('line');
  assert.deepEqual(out.written, ['\r\u001b[2K012345678', '\r\u001b[2K', 'line\n', '012345678']);
});

test('elsewhere there is no status and no control character', () => {
  const out = fakeOutput(false, 80);
  const screen = openScreen(out, fakeOutput(false, 80));
  screen.setStatus('status');
  screen.print('line');
  assert.deepEqual(out.written, ['line\n']);
});
