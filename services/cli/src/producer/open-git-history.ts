import { execFile, spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { GIT_LOG_FORMAT } from './parse-git-log.ts';

export interface GitHistory {
  /** The repository's name, as its folder is called. */
  readonly name: string;
  readonly commits: number;
  /** What parseGitLog reads. Throws when git fails half-way; ends git when the signal aborts. */
  read(signal: AbortSignal): AsyncGenerator<Buffer>;
}

const run = promisify(execFile);
const STDERR_CHARS_MAX = 2000;
/** What a person's own settings could change about git's output is set here, so that the output is what parse-git-log.ts expects. */
const SETTINGS = [
  '-c',
  'log.showRoot=true',
  '-c',
  'log.showSignature=false',
  '-c',
  'diff.relative=false',
  '-c',
  'core.fsmonitor=false',
];
const LOG = [
  'log',
  '--reverse',
  '--no-renames',
  '-z',
  '--name-status',
  '--no-color',
  '--no-ext-diff',
  '--no-decorate',
  '--no-notes',
  '--ignore-submodules=none',
  '--encoding=UTF-8',
  `--format=${GIT_LOG_FORMAT}`,
  'HEAD',
  '--',
];

/** Looks at a repository before anything is started; a sentence when there is no history to read. */
export async function openGitHistory(path: string): Promise<GitHistory | { readonly problem: string }> {
  try {
    const { stdout: folder } = await git(path, ['rev-parse', '--absolute-git-dir']);
    const gitDir = folder.replace(/\n$/, '');
    const { stdout: top } = await git(path, ['rev-parse', '--show-toplevel']).catch(() => ({ stdout: '' }));
    const { stdout: count } = await git(path, ['rev-list', '--count', 'HEAD', '--']).catch(() => ({ stdout: '0' }));
    const commits = Number(count);
    if (commits === 0)
      return { problem: `The git repository ${path} has no commits yet, so there is nothing to feed.` };
    // A work tree is called by its own name; a bare repository by its folder's, and one named .git by what it lies in.
    const home = top.replace(/\n$/, '') || (basename(gitDir) === '.git' ? dirname(gitDir) : gitDir);
    return { name: basename(home), commits, read: (signal) => readLog(path, signal) };
  } catch (error) {
    return { problem: describeProblem(path, error) };
  }
}

function git(path: string, args: readonly string[]) {
  return run('git', ['-C', path, ...args], { encoding: 'utf8' });
}

async function* readLog(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const child = spawn('git', ['-C', path, ...SETTINGS, ...LOG], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_CHARS_MAX);
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) =>
      resolve(code === 0 ? null : `git log ended with ${code ?? by}: ${stderr.trim()}`),
    );
  });
  for await (const chunk of child.stdout) yield chunk;
  const problem = await ended;
  if (problem !== null && !signal.aborted) throw new Error(problem);
}

function describeProblem(path: string, error: unknown): string {
  const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: unknown };
  if (code === 'ENOENT') return `--producer git:${path} needs git, and there is no git on PATH.`;
  const said = typeof stderr === 'string' && stderr.trim() !== '' ? ` git says: ${stderr.trim().split('\n')[0]}` : '';
  return `${path} is not a git repository that can be read.${said}`;
}
