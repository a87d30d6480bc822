import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What the launcher knows of its guard. Children are reported at once after they were started: nobody else would stop them. */
export interface Guard {
  readonly pid: number;
  watch(pid: number, rank: number): void;
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
    forget: (pid) => tell(child, `forget ${pid}`),
    lost: ended.then(() => (released ? new Promise<void>(() => undefined) : undefined)),
    release: () => {
      released = true;
      child.stdin?.end();
      return ended;
    },
  };
}

function tell(child: ChildProcess, line: string): void {
  if (child.stdin?.writable === true) child.stdin.write(`${line}\n`);
}
