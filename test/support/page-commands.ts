/* The shell commands that a page prints, and a shell that runs them as they stand there but for addresses. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'services/cli/bin/sluice.js');
const RUN_MS_MAX = 120_000;
const READY_MS = 60_000;

/** One command each, also over several lines, without the comment at its end. */
export function commandsOf(page: string): readonly string[] {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, block]) => splitCommands(block!));
}

function splitCommands(block: string): readonly string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of block.split('\n')) {
    open += `${line}\n`;
    if (line.endsWith('\\') || spawnSync('bash', ['-n', '-c', open]).status !== 0) continue;
    const command = open.replace(/\s+# .*$/m, '').trim();
    if (command !== '') commands.push(command);
    open = '';
  }
  if (open !== '') throw new Error(`no shell takes this: ${open}`);
  return commands;
}

/** Commands in the middle of a sentence. */
export function inlineCommandsOf(page: string): readonly string[] {
  const prose = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span]) => span!.replaceAll('\\|', '|'));
  return [
    ...new Set(spans.filter((span) => /^(npx sluice|npm (run|start|test)|redis-cli|redis-server|node) /.test(span))),
  ];
}

export interface PageRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface PageShell {
  /** What stands on the left becomes what is on the right, wherever a command has it. */
  readonly addresses: Map<string, string>;
  readonly env: Record<string, string>;
  run(command: string): Promise<PageRun>;
  /** One that does not end by itself: answers when it has written what is waited for. */
  start(command: string, ready: RegExp): Promise<PageProcess>;
  stop(): void;
}

export interface PageProcess {
  readonly out: () => string;
  /** Its exit code, when it ends. */
  readonly ended: Promise<number | null>;
  /** As Ctrl-C does, unless told otherwise; answers its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** `npx` is this clone's own command line, as it is there. */
export function openPageShell(folder: string): PageShell {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  const addresses = new Map<string, string>();
  const env: Record<string, string> = {};
  const children = new Set<ChildProcess>();

  function spawnCommand(command: string) {
    let text = command;
    for (const [printed, real] of addresses) text = text.replaceAll(printed, real);
    const all = { ...process.env, ...env, PATH: `${bin}:${process.env['PATH']}` };
    const child = spawn('bash', ['-c', text], { cwd: folder, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said.err += chunk));
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, said, closed };
  }

  return {
    addresses,
    env,
    run: async (command) => {
      const { child, said, closed } = spawnCommand(command);
      const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
      const code = await closed;
      clearTimeout(timer);
      return { code, ...said };
    },
    start: async (command, ready) => {
      const { child, said, closed } = spawnCommand(command);
      const seen = () => {
        if (ready.test(said.out)) return true;
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
        return false;
      };
      await eventually(seen, { withinMs: READY_MS, what: `${command} says ${ready}` }).catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : error}\n${said.out}${said.err}`);
      });
      return {
        out: () => said.out,
        ended: closed,
        end: async (signal = 'SIGINT') => {
          child.kill(signal);
          return closed;
        },
      };
    },
    stop: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
