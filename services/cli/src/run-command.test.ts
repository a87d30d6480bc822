import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));

function sluice(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test('help is on stdout with exit code 0, for all and for each command', async () => {
  const all = await sluice(['--help']);
  assert.equal(all.code, 0);
  for (const name of [
    'start',
    'intake',
    'worker',
    'emulator',
    'console',
    'post',
    'import',
    'receipt',
    'status',
    'pause',
    'resume',
    'forget',
    'dead',
    'doctor',
    'tail',
  ]) {
    assert.match(all.out, new RegExp(`^ {2}${name} `, 'm'));
    const one = await sluice([name, '--help']);
    assert.equal(one.code, 0);
    assert.match(one.out, new RegExp(`^sluice ${name}`));
    assert.deepEqual(await sluice(['help', name]), one);
  }
});

test('the version is that of the package', async () => {
  const { code, out } = await sluice(['--version']);
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\n$/);
});

test('an unknown command exits 2 and asks what was meant', async () => {
  const { code, out, err } = await sluice(['strat']);
  assert.deepEqual({ code, out }, { code: 2, out: '' });
  assert.match(err, /no command "strat"\. Did you mean `sluice start`\?/);
  assert.equal((await sluice([])).code, 2);
  assert.equal((await sluice(['constructor'])).code, 2);
});

test('an unknown option of start exits 2 and asks what was meant', async () => {
  const { code, err } = await sluice(['start', '--worker', '3']);
  assert.equal(code, 2);
  assert.match(err, /'--worker'.*Did you mean --workers\?/s);
});

test('a producer that is no git repository is refused before anything is started', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-no-git-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { SLUICE_DATA_DIR: join(folder, 'data'), PORT: '0', GIT_CEILING_DIRECTORIES: tmpdir() };
  const { code, out, err } = await sluice(['start', '--producer', `git:${folder}`], env);
  assert.deepEqual({ code, out }, { code: 1, out: '' });
  assert.match(err, /is not a git repository that can be read/);
});
