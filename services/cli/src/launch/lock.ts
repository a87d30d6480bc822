/*
  One launcher per data folder. The lock is a file that names its holder; a holder that is gone (killed, or the machine restarted)
  holds nothing. After a kill its guard may still be stopping the services, and then the next launcher waits for that.
*/
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, startedTicks } from './is-running.ts';

interface Holder {
  readonly pid: number;
  readonly ticks: string | null;
}

interface LockText {
  readonly launcher: Holder;
  readonly guard: Holder | null;
}

export type LockResult = Lock | { readonly heldBy: number } | { readonly problem: string };

export interface Lock {
  /** Names the guard too, once it runs. */
  nameGuard(pid: number): void;
  release(): void;
}

const GUARD_WAIT_MS_MAX = 45_000;
const POLL_MS = 50;
const TRIES_MAX = 5;

export async function takeLock(dataDir: string, onWait: (text: string) => void): Promise<LockResult> {
  try {
    return await take(dataDir, onWait);
  } catch (error) {
    return { problem: `The data folder ${dataDir} (SLUICE_DATA_DIR) cannot be used: ${(error as Error).message}` };
  }
}

async function take(dataDir: string, onWait: (text: string) => void): Promise<LockResult> {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'launcher.lock');
  const launcher = describe(process.pid);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (create(path, { launcher, guard: null })) return makeLock(path, launcher);
    const held = read(path);
    if (held !== null && isAlive(held.launcher)) return { heldBy: held.launcher.pid };
    if (held?.guard && isAlive(held.guard)) await waitForGuard(held.guard, onWait);
    takeAway(path, held);
  }
  throw new Error(`${path} changes hands all the time: are several launchers starting at once? Try again.`);
}

function makeLock(path: string, launcher: Holder): Lock {
  return {
    nameGuard(pid) {
      writeFileSync(`${path}.new`, JSON.stringify({ launcher, guard: describe(pid) }));
      renameSync(`${path}.new`, path);
    },
    release() {
      if (read(path)?.launcher.pid === launcher.pid) rmSync(path, { force: true });
    },
  };
}

/** False: somebody else has it. */
function create(path: string, text: LockText): boolean {
  try {
    writeFileSync(path, JSON.stringify(text), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Two launchers may see the same dead holder. The file is renamed, which only one of them can do, and what was renamed is looked at
 * again: a lock that a faster one has taken meanwhile goes back.
 */
function takeAway(path: string, seen: LockText | null): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = read(aside);
  if (moved !== null && moved.launcher.pid !== seen?.launcher.pid && isAlive(moved.launcher)) renameSync(aside, path);
  else rmSync(aside, { force: true });
}

async function waitForGuard(guard: Holder, onWait: (text: string) => void): Promise<void> {
  onWait('The launcher before this one was killed; waiting until its services have stopped ...');
  const deadline = performance.now() + GUARD_WAIT_MS_MAX;
  while (isAlive(guard) && performance.now() < deadline) await wait(POLL_MS);
}

function describe(pid: number): Holder {
  return { pid, ticks: startedTicks(pid) };
}

/** Numbers of processes are used again; the same number with another start is somebody else. */
function isAlive({ pid, ticks }: Holder): boolean {
  if (!isRunning(pid)) return false;
  const now = startedTicks(pid);
  return ticks === null || now === null || ticks === now;
}

function read(path: string): LockText | null {
  try {
    const text: LockText = JSON.parse(readFileSync(path, 'utf8'));
    return Number.isInteger(text?.launcher?.pid) ? text : null;
  } catch {
    return null;
  }
}
