import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What the launcher knows of its guard. A child runs only after it was reported: nobody else would stop it. */
export interface Guard {
  readonly pid: number;
  /** Resolves when the guard will read it whatever becomes of the launcher; rejects when there is no guard any more. */
  watch(pid: number, rank: number): Promise<void>;
  forget(pid: number): void;
  /** Answers when the guard is gone without having been released; then nothing guards the children any more. */
  readonly lost: Promise<void>;
  /** Lets the guard end; children it still knows are stopped by it. */
  release(): Promise<void>;
}

export function startGuard(graceMs: number): Guard {
  const file = fileURLToPath(new URL('guard-main.ts', import.meta.url));
  const child = spawn(process.execPath, [file, String(graceMs)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // A pipe whose reader is gone reports an error; `lost` says the same.
  child.stdin.on('error', () => undefined);
  let released = false;
  return {
    pid: child.pid ?? 0,
    watch: (pid, rank) => tell(child, `watch ${pid} ${rank}`),
    // A guard that is gone has nobody to forget; `lost` says so.
    forget: (pid) => void tell(child, `forget ${pid}`).catch(() => undefined),
    lost: ended.then(() => (released ? new Promise<void>(() => undefined) : undefined)),
    release: () => {
      released = true;
      child.stdin?.end();
      return ended;
    },
  };
}

/** Once written, the line is in the pipe and not in this process: it is read even if this process ends now. */
function tell(child: ChildProcess, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdin?.writable !== true) return reject(new Error('the guard has ended'));
    child.stdin.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
