/* What a table was measured on. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
  /** With `-dirty` when the checkout has changes. */
  readonly commit: string;
  readonly startedAt: string;
  /** Mean of the last minute, when it began. */
  readonly load: number;
}

const PACKAGES = ['bullmq', 'ioredis', 'undici', 'fastify'];

export function describeMachine(root: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(root, name)])),
    commit: readCommit(root),
    startedAt: new Date().toISOString(),
    load: loadavg()[0] ?? 0,
  };
}

function versionOf(root: string, name: string): string {
  const manifest: { version: string } = JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8'));
  return manifest.version;
}

function readCommit(root: string): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head.status !== 0) return 'no-commit';
  // Only what is measured counts: a note in docs/ makes no other program of it.
  const changes = git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    'packages',
    'services',
    'bench',
    'package-lock.json',
  );
  return head.stdout.trim() + (changes.stdout.trim() === '' ? '' : '-dirty');
}
