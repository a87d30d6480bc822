/*
  Who used the processors while something was measured. A figure says nothing about Sluice when the client was the slowest
  part, or when somebody else's work took half of the machine: both are shown with every row. Linux only; elsewhere all null.
*/
import { readFileSync } from 'node:fs';

export interface CpuUse {
  /** Processors that each process kept busy, 1 = one whole processor; by the name it was given. */
  readonly cores: Readonly<Record<string, number>>;
  /** Busy processors of the machine that none of them explains; null: not known. */
  readonly others: number | null;
}

export interface CpuMeter {
  stop(): CpuUse;
}

/** Ticks of /proc a second; sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

export function startCpuMeter(pids: Readonly<Record<string, number>>): CpuMeter {
  const begunMs = performance.now();
  const begin = readAll(pids);
  return {
    stop: () => {
      const seconds = (performance.now() - begunMs) / 1000;
      const end = readAll(pids);
      const cores: Record<string, number> = {};
      let ours = 0;
      for (const name of Object.keys(pids)) {
        const used = ((end.used[name] ?? 0) - (begin.used[name] ?? 0)) / TICKS_PER_S / seconds;
        cores[name] = used;
        ours += used;
      }
      if (begin.busy === null || end.busy === null) return { cores: {}, others: null };
      return { cores, others: Math.max(0, (end.busy - begin.busy) / TICKS_PER_S / seconds - ours) };
    },
  };
}

/** The mean of several rounds; null when there is none. */
export function meanCpu(uses: readonly CpuUse[]): CpuUse | null {
  const first = uses[0];
  if (first === undefined) return null;
  const mean = (of: (use: CpuUse) => number) => uses.reduce((sum, use) => sum + of(use), 0) / uses.length;
  return {
    cores: Object.fromEntries(Object.keys(first.cores).map((name) => [name, mean((use) => use.cores[name] ?? 0)])),
    others: first.others === null ? null : mean((use) => use.others ?? 0),
  };
}

interface Ticks {
  readonly used: Readonly<Record<string, number>>;
  readonly busy: number | null;
}

function readAll(pids: Readonly<Record<string, number>>): Ticks {
  const used: Record<string, number> = {};
  for (const [name, pid] of Object.entries(pids)) used[name] = parseProcessTicks(read(`/proc/${pid}/stat`));
  const machine = read('/proc/stat');
  return { used, busy: machine === '' ? null : parseBusyTicks(machine) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** utime + stime. The name of the program stands in parentheses and may hold anything, so counting begins after the last one. */
export function parseProcessTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/** Everything but idle and waiting for disks, steal included: time that others took from us. */
export function parseBusyTicks(stat: string): number {
  const ticks = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
  return ticks.reduce((sum, value) => sum + value, 0) - (ticks[3] ?? 0) - (ticks[4] ?? 0);
}
