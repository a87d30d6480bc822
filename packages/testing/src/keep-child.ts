/*
  Servers that a test starts must not outlive it: not when it fails, and not when the test runner stops the file because its
  time is over (SIGTERM). Only children registered here are ended, each by its own handle.
*/
import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
let watching = false;

export function keepChild(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  if (watching) return;
  watching = true;
  process.once('exit', killChildren);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killChildren();
      process.kill(process.pid, signal);
    });
  }
}

function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}
