import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_HELP } from './commands/config-help.ts';
import { DEAD_HELP, runDead } from './commands/dead.ts';
import { DOCTOR_HELP } from './commands/doctor-help.ts';
import { ERASE_HELP, runErase } from './commands/erase.ts';
import { FORGET_HELP, runForget } from './commands/forget.ts';
import { IMPORT_HELP, runImport } from './commands/import.ts';
import { ITEM_HELP, runItem } from './commands/item.ts';
import { KEYS_HELP } from './commands/keys-help.ts';
import { PAUSE_HELP, RESUME_HELP, runPause, runResume } from './commands/pause-resume.ts';
import { POST_HELP, runPost } from './commands/post.ts';
import { RECEIPT_HELP, runReceipt } from './commands/receipt.ts';
import { runStatus, STATUS_HELP } from './commands/status.ts';
import { runTail } from './commands/tail.ts';
import { TAIL_HELP } from './commands/tail-help.ts';
import { runService } from './run-service.ts';
import { planStart, START_HELP } from './start/plan-start.ts';
import { suggest } from './suggest.ts';
import { EXIT_USAGE, type World } from './world.ts';

interface Command {
  readonly summary: string;
  readonly help: string;
  readonly run: (args: readonly string[], world: World) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    summary: 'runs everything: Redis, emulator, intake, workers and console (npm start)',
    help: START_HELP,
    run: runStart,
  },
  intake: service(
    'intake',
    'takes activities over HTTP and stores them',
    'PORT (8080), SLUICE_BIND (127.0.0.1), REDIS_URL',
  ),
  worker: service(
    'worker',
    'delivers stored activities to Microsoft Graph',
    'PORT (9464, health and metrics), REDIS_URL, GRAPH_TENANT_ID, GRAPH_CLIENT_ID, GRAPH_CLIENT_SECRET',
  ),
  emulator: service(
    'emulator',
    'stands in for Microsoft Graph and its token endpoint',
    'PORT (8090), SLUICE_BIND (127.0.0.1), SLUICE_DATA_DIR (.sluice/)',
  ),
  console: service(
    'console',
    'answers operators: connections, dead letters, the fleet’s metrics',
    'PORT (8081), SLUICE_BIND (127.0.0.1), REDIS_URL',
  ),
  post: { summary: 'posts the activities of a file, or of what is piped in', help: POST_HELP, run: runPost },
  import: { summary: 'posts the history of a git repository', help: IMPORT_HELP, run: runImport },
  receipt: { summary: 'what became of the activities of one request', help: RECEIPT_HELP, run: runReceipt },
  status: { summary: 'the connections: state, backlog, rates, dead letters', help: STATUS_HELP, run: runStatus },
  tail: { summary: 'what happens, as it happens: accepted, calls, outcomes', help: TAIL_HELP, run: runTail },
  item: { summary: 'one item, and why its activities are not in Graph yet', help: ITEM_HELP, run: runItem },
  pause: { summary: 'stops deliveries of a connection', help: PAUSE_HELP, run: runPause },
  resume: { summary: 'lets a connection go on, also one that is held', help: RESUME_HELP, run: runResume },
  forget: { summary: 'takes a connection that holds nothing out of every list', help: FORGET_HELP, run: runForget },
  dead: { summary: 'dead letters: list, show, replay, discard, export', help: DEAD_HELP, run: runDead },
  erase: { summary: 'takes a performer out of everything that is kept', help: ERASE_HELP, run: runErase },
  doctor: {
    summary: 'goes through everything that a delivery needs, with remedies',
    help: DOCTOR_HELP,
    run: loadDoctor,
  },
  config: { summary: 'checks the settings without starting anything', help: CONFIG_HELP, run: checkConfig },
  keys: { summary: 'API keys: create, list, revoke', help: KEYS_HELP, run: loadKeys },
};

/** Answers the exit code. */
export async function runCommand(argv: readonly string[], world: World): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined) {
    world.err.write(overview());
    return EXIT_USAGE;
  }
  if (name === '--help' || name === '-h') return say(overview(), world);
  if (name === '--version' || name === '-v') return say(`${version(world)}\n`, world);
  if (name === 'help') {
    return args[0] === undefined ? say(overview(), world) : runCommand([args[0], '--help'], world);
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const meant = suggest(name, [...Object.keys(COMMANDS), 'help']);
    const hint = meant === null ? 'See `sluice --help`.' : `Did you mean \`sluice ${meant}\`?`;
    world.err.write(`There is no command "${name}". ${hint}\n`);
    return EXIT_USAGE;
  }
  if (args.includes('--help') || args.includes('-h')) return say(command.help, world);
  const code = await command.run(args, world);
  if (code === EXIT_USAGE) world.err.write(`Usage: ${command.help.split('\n', 1)[0]}\n`);
  return code;
}

async function runStart(args: readonly string[], world: World): Promise<number> {
  const plan = planStart(args, world);
  if ('refusal' in plan) {
    world.err.write(`${plan.refusal}\n`);
    return plan.exitCode;
  }
  // Loaded only here: everything else answers at once without it.
  const { start } = await import('./start/start.ts');
  return start(plan, world);
}

async function checkConfig(args: readonly string[], world: World): Promise<number> {
  const { runConfig } = await import('./commands/config-check.ts');
  return runConfig(args, world);
}

async function loadDoctor(args: readonly string[], world: World): Promise<number> {
  const { runDoctor } = await import('./commands/doctor.ts');
  return runDoctor(args, world);
}

async function loadKeys(args: readonly string[], world: World): Promise<number> {
  const { runKeys } = await import('./commands/keys.ts');
  return runKeys(args, world);
}

function service(name: string, summary: string, settings: string): Command {
  return {
    summary,
    help: `sluice ${name}\n\nOne service of Sluice on the right Node: ${summary}.\nSettings are environment variables: ${settings}.\nSIGTERM and Ctrl-C stop it.\n`,
    run: (args, world) => runService(name, args, world),
  };
}

/** By what somebody wants to do. A command that is in none of them is in the last. */
const GROUPS: readonly (readonly [heading: string, names: readonly string[]])[] = [
  ['Run it', ['start', 'intake', 'worker', 'console', 'emulator']],
  ['Send activities', ['post', 'import', 'receipt']],
  ['See and steer', ['status', 'tail', 'item', 'pause', 'resume', 'dead', 'erase']],
  ['Set it up', ['doctor', 'config', 'keys']],
];

function overview(): string {
  const grouped = GROUPS.flatMap(([, names]) => names);
  const others = Object.keys(COMMANDS).filter((name) => !grouped.includes(name));
  const shown = GROUPS.map(([heading, names], n) => {
    const all = n === GROUPS.length - 1 ? [...names, ...others] : names;
    const lines = all.map((name) => `  ${name.padEnd(10)} ${COMMANDS[name]?.summary ?? ''}`);
    return `${heading}\n${lines.join('\n')}\n`;
  });
  return `sluice COMMAND [options]

${shown.join('\n')}
New here: \`npx sluice start\` runs everything on this machine, \`npx sluice doctor\` says what a real tenant still needs.
Commands ask an intake (SLUICE_URL, http://127.0.0.1:8080) and a console (SLUICE_CONSOLE_URL, http://127.0.0.1:8081), with a key
where one is needed (SLUICE_API_KEY), and trust the certificate in SLUICE_CA_FILE. sluice COMMAND --help says more; sluice --version
says which Sluice this is.
`;
}

function say(text: string, world: World): number {
  world.out.write(text);
  return 0;
}

function version(world: World): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(world.root, 'services/cli/package.json'), 'utf8'));
  return manifest.version;
}
