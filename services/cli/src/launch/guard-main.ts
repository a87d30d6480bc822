/*
  The guard: a small separate program that stops what the launcher started, should the launcher itself be killed. The launcher tells it
  each child over a pipe; the pipe closes when the launcher is gone, however it went. Run in a session of its own, so that no Ctrl-C
  of the terminal reaches it.

    watch PID RANK     stop this one, lower ranks first
    forget PID         it has ended
*/

import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning } from './is-running.ts';

const [graceMs = 10_000] = process.argv.slice(2).map(Number);
const POLL_MS = 50;
const watched = new Map<number, number>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, pid, rank] = line.split(' ');
  if (verb === 'watch') watched.set(Number(pid), Number(rank));
  if (verb === 'forget') watched.delete(Number(pid));
}
for (const rank of [...new Set(watched.values())].sort((a, b) => a - b)) {
  await stopAll([...watched.keys()].filter((pid) => watched.get(pid) === rank));
}

async function stopAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (pids.some(isRunning) && performance.now() < deadline) await wait(POLL_MS);
  // The whole group: a child was made its leader, and may have children of its own.
  for (const pid of pids) signal(-pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
