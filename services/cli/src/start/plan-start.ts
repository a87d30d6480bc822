/* Decides what `npm start` does, from its options and the environment, and refuses what cannot be meant. Starts nothing. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { suggest } from '../suggest.ts';
import { EXIT_CONFIG, EXIT_USAGE, type World } from '../world.ts';
import type { ProducerPlan, ServicePlan, StartPlan, StartRefusal } from './start-plan.ts';

export const START_HELP = `sluice start [options]      (npm start -- [options])

Runs everything: Redis, the emulator as Microsoft Graph, the intake, the workers and the console. Ctrl-C stops it; nothing is lost, and
the next start goes on.

  --workers N            workers, 0 to 16 (2)
  --producer git:PATH    feeds the history of a git repository: each commit and file is one activity of its author
  --exit                 with --producer: ends when everything is delivered
  --no-emulator          talks to the real Microsoft Graph; needs GRAPH_TENANT_ID, GRAPH_CLIENT_ID, GRAPH_CLIENT_SECRET
  --logs                 shows what the services log
  --port N               intake (8080; or PORT)
  --console-port N       console (8081)
  --emulator-port N      emulator (8090)
  --worker-port N        health and metrics of the first worker, the next ones follow (9464)
  --redis-port N         Redis (6399)

Environment: PORT=0 takes free ports for all. REDIS_URL (or REDIS_URL_FILE) uses a Redis that is there. SLUICE_DATA_DIR (.sluice) holds Redis's data,
logs and addresses.json. SLUICE_SHUTDOWN_MS (25000) is how long a service may take to stop.
`;

const OPTIONS = {
  workers: { type: 'string' },
  producer: { type: 'string' },
  exit: { type: 'boolean' },
  'no-emulator': { type: 'boolean' },
  logs: { type: 'boolean' },
  port: { type: 'string' },
  'console-port': { type: 'string' },
  'emulator-port': { type: 'string' },
  'worker-port': { type: 'string' },
  'redis-port': { type: 'string' },
} as const;

const WORKERS_MAX = 16;
const PORT_MAX = 65_535;
const SHUTDOWN_MS_DEFAULT = 25_000;
const SHUTDOWN_MS_MAX = 600_000;

class Refused extends Error {
  readonly exitCode: number;
  constructor(text: string, exitCode: number) {
    super(text);
    this.exitCode = exitCode;
  }
}

export function planStart(
  args: readonly string[],
  world: Pick<World, 'env' | 'cwd' | 'root'>,
): StartPlan | StartRefusal {
  try {
    return makePlan(parseOptions(args), world);
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.message, exitCode: error.exitCode };
    throw error;
  }
}

type Options = Partial<Record<keyof typeof OPTIONS, string | boolean>>;

function makePlan(options: Options, { env, cwd, root }: Pick<World, 'env' | 'cwd' | 'root'>): StartPlan {
  const emulated = options['no-emulator'] !== true;
  if (!emulated) assertGraphIsSet(env);
  const producer = parseProducer(options.producer, cwd);
  if (options.exit === true && producer === null) {
    throw new Refused('--exit ends a producer, so it needs --producer git:PATH.', EXIT_USAGE);
  }
  const dataDir = env['SLUICE_DATA_DIR'] ? resolve(cwd, env['SLUICE_DATA_DIR']) : join(root, '.sluice');
  return {
    dataDir,
    redis: planRedis(options, env),
    services: planServices(options, env, root, emulated),
    emulated,
    producer,
    exits: options.exit === true,
    logsShown: options.logs === true,
    shutdownMs: numberOf(env['SLUICE_SHUTDOWN_MS'], 'SLUICE_SHUTDOWN_MS', {
      otherwise: SHUTDOWN_MS_DEFAULT,
      max: SHUTDOWN_MS_MAX,
    }),
    keyed: ['SLUICE_API_KEYS_FILE', 'SLUICE_JWT_TENANT_ID'].some((name) => Boolean(env[name]?.trim())),
    exampleConnection: /^[A-Za-z0-9]{3,32}/.exec(env['SLUICE_CONNECTIONS'] ?? '')?.[0] ?? 'demo',
  };
}

function planRedis(options: Options, env: NodeJS.ProcessEnv): StartPlan['redis'] {
  const url = env['REDIS_URL'] || readUrlFile(env['REDIS_URL_FILE']);
  if (url === undefined) return { kind: 'embedded', port: portOf(options, env, 'redis-port', 6399) };
  return { kind: 'given', url };
}

/** Services read the file themselves, and again when they connect anew; here it says that there is a Redis, and which. */
function readUrlFile(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Refused(`REDIS_URL_FILE: ${path} cannot be read: ${(error as Error).message}`, EXIT_CONFIG);
  }
}

function planServices(
  options: Options,
  env: NodeJS.ProcessEnv,
  root: string,
  emulated: boolean,
): readonly ServicePlan[] {
  const entryFile = (service: string) => join(root, 'services', service, 'src', 'main.ts');
  const emulator: ServicePlan = {
    name: 'emulator',
    role: 'emulator',
    entryFile: entryFile('emulator'),
    port: portOf(options, env, 'emulator-port', 8090),
    portSetting: '--emulator-port',
  };
  const intake: ServicePlan = {
    name: 'intake',
    role: 'intake',
    entryFile: entryFile('intake'),
    port: portOf(options, env, 'port', 8080),
    portSetting: '--port',
  };
  const operators: ServicePlan = {
    name: 'console',
    role: 'console',
    entryFile: entryFile('console'),
    port: portOf(options, env, 'console-port', 8081),
    portSetting: '--console-port',
  };
  const workers = numberOf(options.workers, '--workers', { otherwise: 2, max: WORKERS_MAX });
  const firstPort = portOf(options, env, 'worker-port', 9464);
  return [
    ...(emulated ? [emulator] : []),
    intake,
    operators,
    ...Array.from(
      { length: workers },
      (_, n): ServicePlan => ({
        name: `worker-${n + 1}`,
        role: 'worker',
        entryFile: entryFile('worker'),
        port: firstPort === 0 ? 0 : firstPort + n,
        portSetting: '--worker-port',
      }),
    ),
  ];
}

function parseOptions(args: readonly string[]): Options {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    const typed = /'--([^ '=]+)/.exec(text)?.[1];
    const meant = typed === undefined || typed in OPTIONS ? null : suggest(typed, Object.keys(OPTIONS));
    const hint = meant === null ? 'See `npm start -- --help`.' : `Did you mean --${meant}?`;
    throw new Refused(`${text}. ${hint}`, EXIT_USAGE);
  }
}

/** An option beats PORT; PORT=0 is for all, any other PORT is the intake's. */
function portOf(options: Options, env: NodeJS.ProcessEnv, name: keyof typeof OPTIONS, otherwise: number): number {
  const port = env['PORT'] ? numberOf(env['PORT'], 'PORT', { otherwise, max: PORT_MAX }) : otherwise;
  const byEnv = port === 0 || name === 'port' ? port : otherwise;
  return numberOf(options[name], `--${name}`, { otherwise: byEnv, max: PORT_MAX });
}

function numberOf(
  value: string | boolean | undefined,
  name: string,
  { otherwise, max }: { readonly otherwise: number; readonly max: number },
): number {
  if (value === undefined || value === '') return otherwise;
  const number = Number(value);
  if (/^\d+$/.test(String(value)) && number <= max) return number;
  const exitCode = name.startsWith('--') ? EXIT_USAGE : EXIT_CONFIG;
  throw new Refused(`${name} is a whole number from 0 to ${max}, not "${value}".`, exitCode);
}

function parseProducer(value: string | boolean | undefined, cwd: string): ProducerPlan | null {
  if (value === undefined) return null;
  const path = /^git:(.+)$/s.exec(String(value))?.[1];
  if (path === undefined) {
    throw new Refused(`--producer is git:PATH, the path of a git repository, not "${value}".`, EXIT_USAGE);
  }
  return {
    kind: 'git',
    path: path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(cwd, path),
  };
}

/** Whether anything that could be the real Graph's is there; the worker itself checks what it says. */
function assertGraphIsSet(env: NodeJS.ProcessEnv): void {
  if (env['SLUICE_CONFIG']) return;
  const has = (names: readonly string[]) => names.some((name) => env[name] || env[`${name}_FILE`]);
  const wanted: readonly (readonly [string, readonly string[]])[] = [
    ['GRAPH_TENANT_ID', ['GRAPH_TENANT_ID', 'AZURE_TENANT_ID']],
    ['GRAPH_CLIENT_ID', ['GRAPH_CLIENT_ID', 'AZURE_CLIENT_ID']],
    [
      'GRAPH_CLIENT_SECRET',
      [
        'GRAPH_CLIENT_SECRET',
        'GRAPH_CLIENT_CERTIFICATE_PATH',
        'GRAPH_FEDERATED_TOKEN_FILE',
        'GRAPH_MANAGED_IDENTITY',
        'AZURE_CLIENT_SECRET',
        'AZURE_CLIENT_CERTIFICATE_PATH',
        'AZURE_FEDERATED_TOKEN_FILE',
      ],
    ],
  ];
  const missing = wanted.filter(([, names]) => !has(names)).map(([name]) => name);
  if (missing.length === 0) return;
  const text = `--no-emulator talks to the real Microsoft Graph, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`;
  throw new Refused(text, EXIT_CONFIG);
}
