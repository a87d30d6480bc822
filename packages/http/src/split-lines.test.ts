import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitLines } from './split-lines.ts';

function split(chunks: readonly Buffer[], lineBytesMax = 100): (string | null)[] {
  const splitter = splitLines({ lineBytesMax });
  const lines = [...chunks.flatMap((chunk) => [...splitter.push(chunk)]), ...splitter.end()];
  assert.deepEqual(
    lines.map(({ number }) => number),
    lines.map((_, n) => n + 1),
  );
  return lines.map(({ bytes }) => bytes?.toString() ?? null);
}

const of = (...texts: string[]) => texts.map((text) => Buffer.from(text));

test('LF and CRLF end a line, the last one needs neither, a mark is dropped only at the start', () => {
  assert.deepEqual(split(of('a\r\nb\n\nc')), ['a', 'b', '', 'c']);
  assert.deepEqual(split(of('a\n')), ['a']);
  assert.deepEqual(split(of('')), []);
  assert.deepEqual(split(of('\ufeffa\n\ufeffb')), ['a', '\ufeffb']);
  assert.deepEqual(split(of('a\rb\r', '\n', 'c\r')), ['a\rb', 'c']);
});

test('a line may have exactly its most bytes; of a longer one nothing is kept and the next is read', () => {
  assert.deepEqual(split(of('12345\r\n123456\n1'), 5), ['12345', null, '1']);
  assert.deepEqual(split(of('123', '456', '789', '\n1'), 5), [null, '1']);
  assert.deepEqual(split(of('\ufeff12', '345\r', '\n'), 5), ['12345']);
});

test('the lines do not depend on where the chunks are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-cä]{0,7}$/), { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.nat(80), { maxLength: 10 }),
      (lines, end, cuts) => {
        const whole = Buffer.from(lines.join(end));
        const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((to, n) => whole.subarray(at[n], to));
        assert.deepEqual(split(chunks, 8), split([whole], 8));
        const expected = lines.map((line) => (Buffer.byteLength(line) > 8 ? null : line));
        const kept = lines.at(-1) === '' ? expected.slice(0, -1) : expected;
        assert.deepEqual(split(chunks, 8), kept);
      },
    ),
  );
});
