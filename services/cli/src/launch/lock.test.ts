import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { startedTicks } from './is-running.ts';
import { type Lock, takeLock } from './lock.ts';

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function take(folder: string): Promise<Lock> {
  const lock = await takeLock(folder, () => undefined);
  if (!('release' in lock)) assert.fail(JSON.stringify(lock));
  return lock;
}

test('a lock that is held is not given, and names its holder', async (t) => {
  const folder = makeFolder(t);
  const lock = await take(folder);
  assert.deepEqual(await takeLock(folder, () => undefined), { heldBy: process.pid });
  lock.release();
  (await take(folder)).release();
  assert.deepEqual(readdirSync(folder), []);
});

test('a lock of a process that is gone is taken over', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(
    join(folder, 'launcher.lock'),
    JSON.stringify({ launcher: { pid: 2 ** 22 + 1, ticks: null }, guard: null }),
  );
  (await take(folder)).release();
});

test('a lock of another process that had our number is taken over', {
  skip: startedTicks(process.pid) === null,
}, async (t) => {
  const folder = makeFolder(t);
  writeFileSync(
    join(folder, 'launcher.lock'),
    JSON.stringify({ launcher: { pid: process.pid, ticks: '1' }, guard: null }),
  );
  (await take(folder)).release();
});

test('a lock file that is no lock is taken over', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'launcher.lock'), '{');
  (await take(folder)).release();
});

test('of many that see the same dead holder one gets the lock', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'launcher.lock'), '{');
  const results = await Promise.all(Array.from({ length: 8 }, () => takeLock(folder, () => undefined)));
  assert.equal(results.filter((result) => 'release' in result).length, 1);
});

test('a folder that cannot be used is said in a sentence', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const result = await takeLock(join(folder, 'file', 'data'), () => undefined);
  assert.match(
    'problem' in result ? result.problem : '',
    /data folder .*data \(SLUICE_DATA_DIR\) cannot be used: ENOTDIR/,
  );
});
