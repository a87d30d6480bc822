import type { WriteStream } from 'node:tty';

/** What a command sees of the outside. Everything else of the process stays with main.ts. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  /** Where the person stands; relative paths count from here. */
  readonly cwd: string;
  /** The root of the clone. */
  readonly root: string;
  /** What is piped in. */
  readonly in: AsyncIterable<Buffer> & { readonly isTTY?: boolean };
  readonly out: Output;
  readonly err: Output;
  /** Ends the process at once, without waiting for anything. */
  readonly exit: (code: number) => void;
}

export type Output = Pick<WriteStream, 'write' | 'on'> & { readonly isTTY?: boolean; readonly columns?: number };

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_CONFIG = 78;
export const EXIT_INTERRUPTED = 130;
