/*
  The Redis of `npm start`: a redis-server of our own, every write on disk before it is answered, data in a folder that survives.
  It is never restarted: what it holds is the promise of every 202, so its death stops everything and is for a person to look at.
*/
import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { EXIT_FAILED } from '../world.ts';
import type { Child, ChildSettings } from './child.ts';
import { LaunchFailed, StopRequested } from './failure.ts';
import { pingRedis } from './ping-redis.ts';
import { findFreePort } from './ports.ts';
import { describeExit } from './service.ts';

export interface EmbeddedRedis {
  readonly url: string;
  readonly port: number;
  readonly child: Child;
}

export interface RedisStart {
  /** 0 takes a free one. */
  readonly port: number;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logPath: string;
  readonly rank: number;
  readonly startChild: (settings: ChildSettings) => Child;
  /** Called while Redis reads a large data set. */
  readonly onLoading: () => void;
  readonly signal: AbortSignal;
}

const POLL_MS = 30;
/** Redis reads about a million commands of its append-only file in a second; this is a folder nobody filled by accident. */
const READY_MS_MAX = 600_000;
const PORT_TRIES_MAX = 3;

export async function startEmbeddedRedis(start: RedisStart): Promise<EmbeddedRedis> {
  mkdirSync(start.folder, { recursive: true });
  for (let tries = 1; ; tries++) {
    const port = start.port === 0 ? await findFreePort() : start.port;
    const child = start.startChild({
      command: 'redis-server',
      args: redisArguments(port),
      // The folder is the working directory and not an argument, so that no path has to be quoted for Redis.
      cwd: start.folder,
      env: start.env,
      rank: start.rank,
    });
    const ready = await waitUntilReady(child, port, start);
    if (ready) return { url: `redis://127.0.0.1:${port}`, port, child };
    // A free port may be taken between looking and listening; one that was asked for is not ours to change.
    const lost = start.port === 0 && tries < PORT_TRIES_MAX && child.tail().some((line) => /in use/i.test(line));
    if (!lost) throw new LaunchFailed({ exitCode: EXIT_FAILED, lines: await describeDeath(child, start.logPath) });
  }
}

/** What is said when Redis has ended. */
export async function describeDeath(child: Child, logPath: string): Promise<readonly string[]> {
  const exit = await child.exited;
  const tail = child.tail().map((line) => `  ${line}`);
  return [`Redis ended (${describeExit(exit)}). Its last lines (all in ${logPath}):`, ...tail];
}

function redisArguments(port: number): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    bind: '127.0.0.1',
    'protected-mode': 'yes',
    daemonize: 'no',
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    logfile: '',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** False: it has ended. */
async function waitUntilReady(child: Child, port: number, start: RedisStart): Promise<boolean> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const deadline = performance.now() + READY_MS_MAX;
  while (performance.now() < deadline) {
    if (start.signal.aborted) throw new StopRequested();
    if (ended) return false;
    const pong = await pingRedis(port);
    // Another server on the same port would answer too; ours is the one that is still there a moment later.
    if (pong === 'pong' && !ended) return true;
    if (pong === 'loading') start.onLoading();
    await wait(POLL_MS);
  }
  child.kill();
  return false;
}
