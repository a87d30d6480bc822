import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { awaitChild, keepChild } from './keep-child.ts';
import { pingRedis } from './ping-redis.ts';
import { loginTo, shippedUser, userArguments, versionOf } from './redis-login.ts';
import { failForRefused, readRefusals } from './redis-refusals.ts';
import { type RedisTls, type TlsKind, tlsArguments, writeRedisTls } from './redis-tls.ts';

export interface RedisOptions {
  /** appendonly with appendfsync always: what was acknowledged survives kill9 and restart. Default: nothing is written to disk. */
  readonly appendOnly?: boolean;
  /** Listens on a unix socket as well. */
  readonly unixSocket?: boolean;
  /** A node of a Redis Cluster; it has no slots yet. */
  readonly cluster?: boolean;
  /**
   * Listens with TLS as well, and talks to its replicas and its cluster that way. only: without TLS nowhere. mutual: only, and
   * who connects shows its certificate. Default: also, where SLUICE_TEST_REDIS_TLS is 1; never, elsewhere.
   */
  readonly tls?: TlsKind;
  /** The line of the user that `url` logs in as. Default: the one that is shipped. */
  readonly user?: string;
  /** More options, as on redis-server's command line: ['--maxmemory', '50mb']. */
  readonly args?: readonly string[];
  /** A Sentinel, which keeps what it learns in this file of its own. */
  readonly configFile?: string;
  /** The program, if not redis-server on the PATH. */
  readonly program?: string;
}

/** A redis-server of one test, on 127.0.0.1, with a folder of its own that stop() removes. */
export interface RedisServer {
  /** For Sluice: logs in as the user that is shipped. */
  readonly url: string;
  /** For what only a test does: FLUSHALL, KEYS, CONFIG SET, looking into keys. */
  readonly adminUrl: string;
  readonly port: number;
  /** null unless asked for. */
  readonly socketPath: string | null;
  /** null: without. Its certificate is its own authority, and what a client may show. */
  readonly tls: RedisTls | null;
  /** Of the server now running; changes with restart(). */
  readonly pid: number;
  kill9(): Promise<void>;
  /** Ends the server if it runs (SIGTERM) and starts it again: same port, same folder. */
  restart(): Promise<void>;
  /** Stops its clock (SIGSTOP): connections stay open, nothing is answered. */
  pause(): void;
  resume(): void;
  /** Fails the test file when the user that is shipped was refused something, also where whoever asked for it went on. */
  stop(): Promise<void>;
}

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5000;
const PORT_TRIES_MAX = 5;
/** Nodes of a cluster talk to each other on a port so much higher. */
const BUS_OFFSET = 10_000;
const PORT_MAX = 65_535;

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-redis-'));
  try {
    return serverOf(await launchOnFreePorts(folder, options));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
}

interface Place {
  readonly folder: string;
  /** Of those who come without TLS, where they may. */
  readonly port: number;
  readonly tls: RedisTls | null;
  readonly options: RedisOptions;
}

interface ServerState extends Place {
  running: Running;
}

function serverOf(state: ServerState): RedisServer {
  const { folder, port, tls, options } = state;
  const adminUrl = `redis${tls?.port === port ? 's' : ''}://127.0.0.1:${port}`;
  return {
    url: loginTo(adminUrl),
    adminUrl,
    port,
    tls,
    socketPath: options.unixSocket === true ? socketIn(folder) : null,
    get pid() {
      return state.running.child.pid!;
    },
    async kill9() {
      state.running.child.kill('SIGKILL');
      await awaitChild(state.running.child, state.running.exited);
    },
    async restart() {
      await end(state.running);
      state.running = await launch(state);
    },
    pause: () => void state.running.child.kill('SIGSTOP'),
    resume: () => void state.running.child.kill('SIGCONT'),
    async stop() {
      failForRefused(await refusedBy(state));
      await end(state.running);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Nothing where the test brings a user of its own. */
async function refusedBy({ port, tls, options, running: { child } }: ServerState): Promise<readonly string[]> {
  const asks = options.user === undefined && options.configFile === undefined;
  if (!asks || child.exitCode !== null || child.signalCode !== null) return [];
  child.kill('SIGCONT');
  return readRefusals({ port, secured: tls?.port === port });
}

/** Between finding a free port and using it somebody else may take it; then the next one is tried. */
async function launchOnFreePorts(folder: string, options: RedisOptions): Promise<ServerState> {
  const kind = options.tls ?? (process.env['SLUICE_TEST_REDIS_TLS'] === '1' ? 'also' : 'never');
  const portMax = options.cluster === true ? PORT_MAX - BUS_OFFSET : PORT_MAX;
  for (let tries = 1; ; tries++) {
    const port = await freePort(portMax);
    const tls = kind === 'never' ? null : writeRedisTls(folder, kind === 'also' ? await freePort(portMax) : port, kind);
    const place = { folder, port, tls, options };
    try {
      return { ...place, running: await launch(place) };
    } catch (error) {
      if (tries === PORT_TRIES_MAX || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function launch(place: Place): Promise<Running> {
  const { port, tls, options } = place;
  const program = options.program ?? 'redis-server';
  const child = spawn(program, argumentsFor(place), { stdio: ['ignore', 'pipe', 'pipe'] });
  keepChild(child);
  const log = tailOf(child);
  const running = { child, exited: new Promise((resolve) => child.once('exit', resolve)) };
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = notStarted(program, error);
  });
  child.once('exit', (code) => {
    failure ??= new Error(`${program} on port ${port} exited with ${code}:\n${log()}`);
  });
  // Its own log as well as PING: on a port that another server has, PING alone would be answered by that one.
  const ready = async () =>
    failure !== null ||
    (/Ready to accept|Sentinel ID is/.test(log()) && (await pingRedis({ port, secured: tls?.port === port })));
  const what = `redis-server on port ${port} is ready and answers PING`;
  await eventually(ready, { withinMs: START_MS_MAX, what }).catch((error: Error) => {
    failure = error;
  });
  if (failure !== null) {
    child.kill('SIGKILL');
    throw failure;
  }
  return running;
}

function argumentsFor({ folder, port, tls, options }: Place): string[] {
  const disk =
    options.appendOnly === true ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const socket = options.unixSocket === true ? ['--unixsocket', socketIn(folder)] : [];
  const cluster = options.cluster === true ? ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'] : [];
  const open = ['--port', String(tls?.port === port ? 0 : port)];
  const secured = tls === null ? [] : tlsArguments(tls, options.cluster === true);
  const place = [...open, ...secured, '--bind', '127.0.0.1', '--dir', folder, '--daemonize', 'no', '--save', ''];
  if (options.configFile !== undefined) {
    return [
      options.configFile,
      '--sentinel',
      ...place.filter((word, n) => word !== '--save' && place[n - 1] !== '--save'),
    ];
  }
  const user = userArguments(options.user ?? shippedUser(versionOf(options.program ?? 'redis-server')));
  return [...place, ...cluster, ...disk, ...socket, ...user, ...(options.args ?? [])];
}

async function end({ child, exited }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await awaitChild(child, exited);
  clearTimeout(timer);
}

async function freePort(max: number): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (address === null || typeof address === 'string') throw new Error('No TCP port could be had on 127.0.0.1.');
    if (address.port <= max) return address.port;
  }
}

function socketIn(folder: string): string {
  return join(folder, 'redis.sock');
}

/** The last 8 KiB of what the server wrote. */
function tailOf(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: string) => {
    text = (text + chunk).slice(-8192);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  return () => text;
}

function notStarted(program: string, error: Error & { code?: string }): Error {
  if (error.code !== 'ENOENT') return error;
  return new Error(
    `${program} was not found on the PATH. These tests run against a real Redis: install it (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis).`,
  );
}
