import type { Output } from '../world.ts';

/** What the person sees: lines that stay, and on a terminal one last line that changes. */
export interface Screen {
  readonly isTerminal: boolean;
  print(text: string): void;
  /** For trouble: goes to stderr. */
  warn(lines: readonly string[]): void;
  /** Rewrites the last line of a terminal; '' removes it. Elsewhere nothing. */
  setStatus(text: string): void;
}

const COLUMNS_OTHERWISE = 80;
const CLEAR_LINE = '\r\u001b[2K';

export function openScreen(out: Output, err: Output): Screen {
  const isTerminal = out.isTTY === true;
  let status = '';
  // A reader that went away (a closed terminal, `| head`) is no reason to end what runs; the error would.
  for (const output of [out, err]) output.on('error', () => undefined);
  const above = (write: () => void) => {
    if (status !== '') out.write(CLEAR_LINE);
    write();
    if (status !== '') out.write(status);
  };
  return {
    isTerminal,
    print: (text) => above(() => out.write(`${text}\n`)),
    warn: (lines) => above(() => err.write(`${lines.join('\n')}\n`)),
    setStatus(text) {
      if (!isTerminal) return;
      // A line that is as wide as the terminal would wrap and could not be rewritten.
      const next = text.slice(0, (out.columns ?? COLUMNS_OTHERWISE) - 1);
      if (next === status) return;
      out.write(`${CLEAR_LINE}${next}`);
      status = next;
    },
  };
}
