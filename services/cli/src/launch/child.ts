import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Guard } from './guard.ts';
import type { LogFile } from './log-file.ts';
import { lineSplitter } from './split-lines.ts';

export interface ChildSettings {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** When the guard stops it: lower ranks first. */
  readonly rank: number;
}

export interface ChildSurroundings {
  readonly guard: Guard;
  readonly log: LogFile;
  readonly onLine: (line: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not even be started; null: it ran. */
  readonly error: Error | null;
}

/** One operating-system process of ours. */
export interface Child {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Its last lines, oldest first; at most TAIL_LINES_MAX. */
  tail(): readonly string[];
  /** SIGTERM, and SIGKILL to its whole group when it has not ended after graceMs. Answers when it has ended. */
  stop(graceMs: number): Promise<void>;
  kill(): void;
}

const TAIL_LINES_MAX = 20;
/**
 * A child waits behind this gate, as the process it will be, until its guard knows of it. A launcher that is killed in
 * between closes the gate's input, and the child ends without having begun. (Without it, 4 of 120 launchers that were killed
 * while they started left a process behind.)
 */
const GATE = 'read -r word && [ "$word" = go ] && exec "$@" < /dev/null';

/**
 * Starts a process in a session of its own: a Ctrl-C of the terminal reaches the launcher alone, which then stops its children in
 * order. What it prints goes to its log.
 */
export function startChild(settings: ChildSettings, { guard, log, onLine }: ChildSurroundings): Child {
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', settings.command, ...settings.args], {
    cwd: settings.cwd,
    env: settings.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  // A child that has ended meanwhile reads nothing; its exit says so.
  child.stdin.on('error', () => undefined);
  if (pid !== 0) openGate(child.stdin, guard.watch(pid, settings.rank));
  const tail: string[] = [];
  const keep = (lines: readonly string[]) => {
    log.append(`${lines.join('\n')}\n`);
    tail.push(...lines.filter((line) => line.trim() !== ''));
    tail.splice(0, tail.length - TAIL_LINES_MAX);
    for (const line of lines) onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) collect(stream, keep);
  let closed = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    // `close` comes after the last line was read, `exit` may come before.
    child.once('close', (code, signal) => {
      closed = true;
      guard.forget(pid);
      resolve({ code, signal, error: null });
    });
  });
  const kill = () => {
    if (pid !== 0 && !closed) killGroup(pid);
  };
  return {
    pid,
    exited,
    tail: () => [...tail],
    async stop(graceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, graceMs);
      await exited;
      clearTimeout(timer);
    },
    kill,
  };
}

function openGate(gate: Writable, watched: Promise<void>): void {
  watched.then(
    () => gate.end('go\n'),
    () => gate.end(),
  );
}

function collect(stream: Readable, keep: (lines: readonly string[]) => void): void {
  const splitter = lineSplitter(keep);
  stream.on('data', (chunk: Buffer) => splitter.push(chunk));
  stream.on('end', () => splitter.end());
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
