/*
  Servers that a test starts must not outlive it: not when it fails, and not when the test runner stops the file because its
  time is over (SIGTERM). Nor may a server that a failed test forgot keep the test file from ending. Only children registered
  here are ended, each by its own handle.
*/
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

const children = new Set<ChildProcess>();
let watching = false;

/** From now on the child ends with this process, and does not keep it alive. */
export function keepChild(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  for (const handle of handlesOf(child)) handle.unref();
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

/** Somebody waits for the child's end: until then this process has a reason to stay. */
export function awaitChild<T>(child: ChildProcess, end: Promise<T>): Promise<T> {
  for (const handle of handlesOf(child)) handle.ref();
  return end;
}

/** Pipes of a child are sockets, although their type only says that they can be read. */
function handlesOf(child: ChildProcess): { ref(): void; unref(): void }[] {
  return [child, ...[child.stdout, child.stderr].filter((pipe) => pipe !== null).map((pipe) => pipe as Socket)];
}

function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}
