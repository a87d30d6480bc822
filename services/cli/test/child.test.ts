/* A child runs only once its guard knows of it: whatever moment the launcher is killed at, nobody is left whom nobody stops. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';
import { startChild } from '../src/launch/child.ts';
import type { Guard } from '../src/launch/guard.ts';
import { isRunning } from '../src/launch/is-running.ts';
import { openLogFile } from '../src/launch/log-file.ts';
import { makeFolder } from './support/launched.ts';

const guardThat = (watch: Guard['watch']): Guard => ({
  pid: 0,
  watch,
  forget: () => undefined,
  lost: new Promise(() => undefined),
  release: () => Promise.resolve(),
});

function start(folder: string, guard: Guard) {
  const settings = {
    command: process.execPath,
    args: ['-e', 'require("node:fs").writeFileSync(process.argv[1], "")', join(folder, 'it has run')],
    cwd: folder,
    env: process.env,
    rank: 0,
  };
  return startChild(settings, { guard, log: openLogFile(join(folder, 'log')), onLine: () => undefined });
}

test('once its guard knows of it, a child runs as the process that was reported, with its arguments as they were', async (t) => {
  const folder = makeFolder(t);
  const reported: number[] = [];
  const child = start(
    folder,
    guardThat(async (pid) => {
      reported.push(pid);
    }),
  );
  assert.deepEqual([(await child.exited).code, reported], [0, [child.pid]]);
  assert.ok(existsSync(join(folder, 'it has run')));
});

test('a child whose guard is gone ends without having begun', async (t) => {
  const folder = makeFolder(t);
  const child = start(
    folder,
    guardThat(async () => {
      throw new Error('the guard has ended');
    }),
  );
  assert.notEqual((await child.exited).code, 0);
  assert.ok(!existsSync(join(folder, 'it has run')));
});

test('a launcher that is killed before its guard knows of a child takes the child with it', async (t) => {
  const folder = makeFolder(t);
  const launcher = spawn(
    process.execPath,
    [fileURLToPath(new URL('./support/start-unwatched-child.ts', import.meta.url)), join(folder, 'it has run')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => launcher.kill('SIGKILL'));
  let told = '';
  launcher.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await eventually(() => told.endsWith('\n'), { withinMs: 30_000, what: 'the pid of the child' });
  assert.ok(isRunning(Number(told)), 'it waits');
  launcher.kill('SIGKILL');
  await eventually(() => !isRunning(Number(told)), { withinMs: 30_000, what: 'the child is gone' });
  assert.ok(!existsSync(join(folder, 'it has run')));
});
