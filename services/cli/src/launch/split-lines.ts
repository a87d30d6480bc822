import { StringDecoder } from 'node:string_decoder';

const LINE_CHARS_MAX = 64 * 1024;

/** Cuts a stream of bytes into lines without their ends. A line longer than the limit comes in pieces. */
export function lineSplitter(onLines: (lines: readonly string[]) => void): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_CHARS_MAX) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) onLines(lines);
    },
    end() {
      rest += decoder.end();
      if (rest !== '') onLines([rest]);
      rest = '';
    },
  };
}
