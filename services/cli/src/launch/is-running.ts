import { readFileSync } from 'node:fs';

/** Whether a process of that number is alive. One that ended and was not yet collected by its parent (a zombie) is not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return readStat(pid)?.state !== 'Z';
}

/** When the process began, in ticks since boot: with the pid it names a process for good. Null where the system does not say. */
export function startedTicks(pid: number): string | null {
  return readStat(pid)?.startedTicks ?? null;
}

/** The parent of a process; null where the system does not say. */
export function parentOf(pid: number): number | null {
  return readStat(pid)?.parent ?? null;
}

/** Linux's /proc/PID/stat: after the last parenthesis come state (field 3) and parent (4), and the start time is field 22. */
function readStat(
  pid: number,
): { readonly state: string; readonly parent: number; readonly startedTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, parent: Number(fields[1]), startedTicks: fields[19]! };
  } catch {
    return null;
  }
}
