import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { awaitChild, keepChild } from './keep-child.ts';

export interface ServiceOptions {
  /** The name of a folder in services/; its src/main.ts is run. Or: */
  readonly service?: string;
  /** The path of a file to run, from the root of the repository. */
  readonly entryFile?: string;
  readonly args?: readonly string[];
  /** PORT is 0 unless set here. The caller's own variables of the product (SLUICE_, GRAPH_, REDIS_, …) are not inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** The message that says it is ready; null: do not wait, for services that are expected to exit. */
  readonly readyMsg?: string | null;
  readonly readyWithinMs?: number;
}

/** One line of output. A line that is not JSON (a crash, a warning of Node) has its text as `msg` and level 0. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [member: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Service {
  /** From its `listening` line; null when it has not said one. */
  readonly url: string | null;
  readonly pid: number;
  /** The last LOG_LINES_MAX lines of stdout and stderr. */
  readonly logs: readonly LogLine[];
  /** Waits for a line with this msg (also one already there) that the predicate, if any, agrees with. Fails early when the service exits. */
  waitFor(msg: string, options?: WaitFor): Promise<LogLine>;
  /** SIGTERM unless told otherwise; answers when it has exited. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
  readonly exited: Promise<Exit>;
}

export interface WaitFor {
  readonly where?: (line: LogLine) => boolean;
  readonly withinMs?: number;
}

export const LOG_LINES_MAX = 20_000;
const LINES_SHOWN = 20;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NOT_INHERITED = /^(SLUICE|GRAPH|REDIS|AZURE|OTEL|NODE_(OPTIONS|TEST))_?|^(PORT|HOST|LOG_LEVEL)$/;

export async function spawnService(options: ServiceOptions): Promise<Service> {
  const file = options.entryFile ?? `services/${options.service}/src/main.ts`;
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...inheritedEnv(), PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  keepChild(child);
  const service = serviceOf(child, options.service ?? file);
  const readyMsg = options.readyMsg === undefined ? 'started' : options.readyMsg;
  if (readyMsg === null) return service;
  try {
    await service.waitFor(readyMsg, { withinMs: options.readyWithinMs ?? 15_000 });
  } catch (error) {
    await service.kill('SIGKILL');
    throw error;
  }
  return service;
}

function serviceOf(child: ChildProcess, name: string): Service {
  const logs: LogLine[] = [];
  let url: string | null = null;
  let exit: Exit | null = null;
  const keep = (line: LogLine) => {
    if (line.msg === 'listening' && typeof line['url'] === 'string') url = line['url'];
    logs.push(line);
    if (logs.length > LOG_LINES_MAX) logs.shift();
  };
  for (const stream of [child.stdout, child.stderr]) readLines(stream!, keep);
  // `close` comes after the last line was read, so that nothing a dying service said is missed.
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });

  async function waitFor(msg: string, { where = () => true, withinMs = 10_000 }: WaitFor = {}): Promise<LogLine> {
    const look = () => {
      const found = logs.find((line) => line.msg === msg && where(line));
      if (found === undefined && exit !== null) return { gone: exit };
      return found === undefined ? null : { found };
    };
    const what = `${name} says "${msg}"`;
    const seen = await eventually(look, { withinMs, what }).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${lastLines(logs)}`);
    });
    if ('found' in seen) return seen.found;
    throw new Error(
      `${name} exited (${seen.gone.code ?? seen.gone.signal}) before it said "${msg}".\n${lastLines(logs)}`,
    );
  }

  return {
    get url() {
      return url;
    },
    pid: child.pid!,
    logs,
    waitFor,
    kill(signal = 'SIGTERM') {
      child.kill(signal);
      return awaitChild(child, exited);
    },
    get exited() {
      return awaitChild(child, exited);
    },
  };
}

function readLines(stream: Readable, keep: (line: LogLine) => void): void {
  createInterface({ input: stream }).on('line', (text) => {
    if (text !== '') keep(parseLine(text));
  });
}

function parseLine(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'msg' in value) return value as LogLine;
  } catch {
    // Not JSON: kept as it is.
  }
  return { level: 0, msg: text };
}

function lastLines(logs: readonly LogLine[]): string {
  return logs
    .slice(-LINES_SHOWN)
    .map((line) => `  ${line.level === 0 ? line.msg : JSON.stringify(line)}`)
    .join('\n');
}

function inheritedEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name)));
}
