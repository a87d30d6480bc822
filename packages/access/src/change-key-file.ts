/*
  Rewrites the file of keys in one step: a service that reads it meanwhile sees all of the old or all of the new. The new file
  lies beside the old one until then, and is the lock as well: two that change it at once do so one after the other.
*/
import { chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ChangedKeys, checkKeyFile, formatKeyFile, type StoredKey } from '@sluice/core';

export interface ChangeKeyFileSettings {
  readonly path: string;
  readonly change: (keys: readonly StoredKey[]) => ChangedKeys;
  /** Longest wait for another one who changes it. */
  readonly lockMsMax?: number;
}

/** Only its owner may read or write it: hashes are no secret, but who can write it lets himself in. */
const MODE = 0o600;
const LOCK_MS_MAX = 5000;
const LOCK_EVERY_MS = 50;

/** The file need not be there. What cannot be done is a `problem`, never an exception of the file system. */
export async function changeKeyFile({
  path,
  change,
  lockMsMax = LOCK_MS_MAX,
}: ChangeKeyFileSettings): Promise<ChangedKeys> {
  try {
    // Of a link, the file it names: a rename would replace the link.
    const target = await realpath(path).catch(() => path);
    await mkdir(dirname(target), { recursive: true });
    return await changeLocked(target, change, lockMsMax);
  } catch (error) {
    return { ok: false, problem: problemOf(error, path) };
  }
}

export async function readKeyFile(path: string): Promise<ChangedKeys> {
  try {
    const checked = checkKeyFile(await readFile(path, 'utf8'));
    return checked.ok
      ? { ok: true, keys: checked.keys, changed: [] }
      : { ok: false, problem: `${path}: ${checked.problem}` };
  } catch (error) {
    return { ok: false, problem: problemOf(error, path) };
  }
}

async function changeLocked(
  target: string,
  change: ChangeKeyFileSettings['change'],
  lockMsMax: number,
): Promise<ChangedKeys> {
  const beside = `${target}.new`;
  const file = await openNew(beside, lockMsMax);
  try {
    const changed = await changeKeys(target, change);
    if (changed.ok) {
      await file.writeFile(formatKeyFile(changed.keys));
      await keepOwner(target, beside);
      await file.sync();
      await rename(beside, target);
    } else {
      await rm(beside, { force: true });
    }
    return changed;
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function changeKeys(target: string, change: ChangeKeyFileSettings['change']): Promise<ChangedKeys> {
  const text = await readFile(target, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '{"keys":[]}';
    throw error;
  });
  const checked = checkKeyFile(text);
  return checked.ok ? change(checked.keys) : { ok: false, problem: `${target}: ${checked.problem}` };
}

async function openNew(beside: string, lockMsMax: number) {
  const untilMs = performance.now() + lockMsMax;
  for (;;) {
    try {
      return await open(beside, 'wx', MODE);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || performance.now() >= untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_EVERY_MS));
    }
  }
}

/** When root changes the file of a service, the service must be able to read it still. */
async function keepOwner(target: string, beside: string): Promise<void> {
  const before = await stat(target).catch(() => null);
  if (before !== null && process.getuid?.() === 0) await chown(beside, before.uid, before.gid);
}

function problemOf(error: unknown, path: string): string {
  const code = codeOf(error);
  if (code === 'EEXIST')
    return `${path}.new is there: another one changes the keys, or was killed while doing so; then remove it`;
  if (code === 'ENOENT') return `there is no file ${path}`;
  return `${path} cannot be used (${code ?? String(error)})`;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
