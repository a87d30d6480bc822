/* The commands that pages print: `npm run X`, `npm start -- --option`, `npx sluice X --option`. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Commands {
  /** Scripts of the root, and of each workspace by its name. */
  readonly scripts: ReadonlyMap<string, ReadonlySet<string>>;
  /** Options of each command of `sluice`. */
  readonly options: ReadonlyMap<string, ReadonlySet<string>>;
}

export const ROOT_SCRIPTS = '';
const NPM = /\bnpm (?:run )?(?:-w \S+ )?(start|test|[\w:-]+)([^`#&|;]*)/g;
const SLUICE = /\bnpx sluice(?=\s|$)([^`#&;]*)/g;
const OPTION = /(?<=\s)--?[a-z][\w-]*/g;
/** What npm itself answers to. */
const NPMS_OWN = new Set(['ci', 'install', 'i', 'exec', 'pack', 'publish', 'version']);
const EVERYWHERE = ['--help', '-h', '--version', '-v', 'help'];

/** Reads package.json files, and asks `sluice` itself what it knows. */
export function readCommands(root: string): Commands {
  const scripts = new Map<string, ReadonlySet<string>>();
  for (const file of ['package.json', ...globSync('{packages,services}/*/package.json', { cwd: root })]) {
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
    scripts.set(file === 'package.json' ? ROOT_SCRIPTS : manifest.name, new Set(Object.keys(manifest.scripts ?? {})));
  }
  // Commands stand in groups, each in a line of its own that is indented.
  const names = [...readHelp(root, []).matchAll(/^ {2}([a-z][\w-]*) /gm)].map(([, name]) => name!);
  const options = new Map(names.map((name) => [name, new Set(readHelp(root, [name]).match(OPTION) ?? [])]));
  return { scripts, options };
}

function readHelp(root: string, command: readonly string[]): string {
  const bin = join(root, 'services/cli/bin/sluice.js');
  const { stdout, status } = spawnSync(process.execPath, [bin, ...command, '--help'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`sluice ${command.join(' ')} --help ended with ${status}`);
  return stdout;
}

export function brokenCommands(code: readonly string[], commands: Commands): readonly string[] {
  const uncommented = code.map((text) => text.replace(/(^|\s)#\s.*$/, ''));
  return uncommented.flatMap((text) => [
    ...[...text.matchAll(NPM)].flatMap(([whole, script, rest]) => checkScript(whole!, script!, rest!, commands)),
    ...[...text.matchAll(SLUICE)].flatMap(([, rest]) => checkSluice(rest!, commands)),
  ]);
}

function checkScript(whole: string, script: string, rest: string, commands: Commands): readonly string[] {
  if (NPMS_OWN.has(script)) return [];
  const room = /\s-w\s+(\S+)/.exec(whole)?.[1] ?? ROOT_SCRIPTS;
  if (commands.scripts.get(room)?.has(script) !== true) {
    return [`there is no npm script ${script}${room === ROOT_SCRIPTS ? '' : ` in ${room}`}`];
  }
  return script === 'start' && rest.includes(' -- ') ? checkOptions('start', rest.split(' -- ')[1]!, commands) : [];
}

/** `npx sluice intake|worker` names two commands. */
function checkSluice(rest: string, commands: Commands): readonly string[] {
  const [names = ''] = rest.trim().split(/\s+/);
  return names.split(/\\?\|/).flatMap((name) => {
    if (name === '' || name === '...' || EVERYWHERE.includes(name)) return [];
    return commands.options.has(name) ? checkOptions(name, rest, commands) : [`there is no command sluice ${name}`];
  });
}

function checkOptions(name: string, rest: string, commands: Commands): readonly string[] {
  const options = ` ${rest}`.match(OPTION) ?? [];
  const unknown = options.filter((option) => !commands.options.get(name)!.has(option) && !EVERYWHERE.includes(option));
  return unknown.map((option) => `sluice ${name} has no option ${option}`);
}
