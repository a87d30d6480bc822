/*
  Cuts a stream of bytes into lines, whatever its chunks are: LF or CRLF, a byte order mark at the start, no newline at the
  end. It holds at most one line, and of one that is too long nothing.
*/

const HELD_MAX = 64;
const LF = 0x0a;
const CR = 0x0d;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface Line {
  /** From 1; empty lines count. */
  readonly number: number;
  /** Without its end; null: it is longer than it may be. */
  readonly bytes: Buffer | null;
}

export interface LineSplitter {
  /** The lines that end in this chunk, made one by one as they are asked for; their bytes may be views into it. */
  push(chunk: Buffer): Iterable<Line>;
  /** What came after the last newline. */
  end(): readonly Line[];
}

export function splitLines({ lineBytesMax }: { readonly lineBytesMax: number }): LineSplitter {
  let number = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let tooLong = false;

  function hold(rest: Buffer): void {
    heldBytes += rest.length;
    // A mark and a CR do not count, so a little more is held than a line may have.
    tooLong ||= heldBytes > lineBytesMax + MARK.length + 1;
    if (tooLong) held = [];
    // A copy, because the chunk is not ours.
    else held.push(Buffer.from(rest));
    // Callers who send byte by byte must not make us keep an object for each.
    if (held.length > HELD_MAX) held = [Buffer.concat(held)];
  }

  function finish(rest: Buffer): Line {
    number++;
    const whole = held.length === 0 ? rest : Buffer.concat([...held, rest]);
    const bytes = trim(whole, number === 1);
    const fits = !tooLong && bytes.length <= lineBytesMax;
    held = [];
    heldBytes = 0;
    tooLong = false;
    return { number, bytes: fits ? bytes : null };
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
        yield finish(chunk.subarray(from, at));
        from = at + 1;
      }
      if (from < chunk.length) hold(chunk.subarray(from));
    },
    end: () => (heldBytes === 0 ? [] : [finish(Buffer.alloc(0))]),
  };
}

function trim(line: Buffer, first: boolean): Buffer {
  const from = first && line.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
  return line.subarray(from, line.at(-1) === CR ? -1 : undefined);
}
