/*
  What `npm start` and `npm test` need before anything else: the packages, with the Node that runs the sources, and a redis-server.
  Plain JavaScript for any Node from 20 on and without a dependency, because it runs before anything is installed. It says what
  it does and how long that took, and says nothing when nothing is missing.

    node scripts/set-up.js [--packages-only] [--browser]

  --browser: a Chromium as well, for the tests of pages. It is installed by root on Debian; elsewhere those tests are skipped.
*/
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** Holds the terminal's last word when a command fails: enough for npm's and apt's own explanation. */
const OUTPUT_LINES_SHOWN = 30;
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

/** @typedef {{ readonly title: string, readonly steps: readonly (readonly string[])[] }} Instruction */
/**
 * @typedef {{
 *   readonly redisUrl: string | undefined, readonly hasRedisServer: boolean, readonly platform: string, readonly isRoot: boolean,
 *   readonly isTerminal: boolean, readonly tools: ReadonlySet<string>, readonly isSystemd: boolean
 * }} RedisSituation
 */
/**
 * @typedef {{ readonly kind: 'nothing' }
 *   | { readonly kind: 'install', readonly command: readonly string[], readonly ask: boolean }
 *   | { readonly kind: 'tell', readonly lines: readonly string[] }} RedisPlan
 */

/**
 * A sentence when this Node is too old, else null.
 * @param {string} version as process.versions.node
 * @returns {string | null}
 */
export function checkNode(version) {
  if (Number(version.split('.')[0]) >= NODE_MAJOR_MIN) return null;
  return `Sluice needs Node ${NODE_MAJOR_MIN} or newer to set itself up, and this is Node ${version}. Install a current one from https://nodejs.org/en/download and run the same command again.`;
}

/**
 * Why the packages have to be installed, or null when they are those of package-lock.json. Compared by content: git changes the
 * times of files at every checkout. Packages beyond the lock file do no harm, and an optional one that is missing is of another system.
 * @param {string} lockText package-lock.json
 * @param {string | null} installedText node_modules/.package-lock.json, which npm writes last; null when there is none
 * @returns {string | null}
 */
export function checkPackages(lockText, installedText) {
  if (installedText === null) return 'they are missing';
  const installed = parsePackages(installedText);
  if (installed === null) return 'they are incomplete';
  const wanted = parsePackages(lockText) ?? {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true || entry.peer === true || entry.devOptional === true) continue;
      return 'package-lock.json has changed';
    }
    const same = found.version === entry.version && found.integrity === entry.integrity;
    if (!same || (entry.link === true && found.resolved !== entry.resolved)) return 'package-lock.json has changed';
  }
  return null;
}

/**
 * What is done about Redis. Order: a REDIS_URL, a redis-server on PATH, then how it can be installed here.
 * @param {RedisSituation} at
 * @returns {RedisPlan}
 */
export function planRedis(at) {
  if (at.redisUrl || at.hasRedisServer) return { kind: 'nothing' };
  const instruction = planInstruction(at);
  if (at.platform === 'linux' && at.tools.has('apt-get')) {
    const script = aptScript(at.isSystemd);
    if (at.isRoot) return { kind: 'install', command: ['sh', '-c', script], ask: false };
    if (at.tools.has('sudo') && at.isTerminal) {
      return { kind: 'install', command: ['sudo', 'sh', '-c', script], ask: true };
    }
  }
  return { kind: 'tell', lines: instruction };
}

/**
 * Installs without starting the distribution's own Redis on 6379: sysvinit and containers heed RUNLEVEL=1, systemd a mask. The package
 * index may be partly unreachable (a foreign repository), which is no reason to give up, so only the installation decides.
 * @param {boolean} isSystemd
 */
function aptScript(isSystemd) {
  const install = [
    'export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1',
    'apt-get -q -o DPkg::Lock::Timeout=120 update || true',
    'apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends redis-server',
  ];
  if (!isSystemd) return install.join('\n');
  const unit = 'redis-server.service';
  return [
    `systemctl mask --runtime ${unit} || true`,
    ...install,
    'installed=$?',
    `systemctl disable ${unit} || true`,
    `systemctl unmask --runtime ${unit} || true`,
    'exit $installed',
  ].join('\n');
}

/** @param {RedisSituation} at */
function planInstruction(at) {
  const sudo = at.isRoot ? '' : 'sudo ';
  const again = 'Then run the same command again. Or set REDIS_URL to a Redis that is there already.';
  if (at.platform === 'darwin') return ['Install it with:', '', '  brew install redis', '', again];
  if (at.platform === 'win32') {
    return [
      'Windows has none of its own. Start one in a container and name it:',
      '',
      '  docker run -d --name sluice-redis -p 127.0.0.1:6379:6379 redis:8 redis-server --appendonly yes --appendfsync always --maxmemory-policy noeviction',
      '  set REDIS_URL=redis://127.0.0.1:6379      (PowerShell: $env:REDIS_URL = "redis://127.0.0.1:6379")',
      '',
      'Then run `npx sluice start`. Or run Sluice inside WSL, where it sets itself up as on Linux.',
    ];
  }
  /** @type {readonly [string, string][]} */
  const commands = [
    [
      'apt-get',
      `${sudo}apt-get update && ${sudo}env RUNLEVEL=1 apt-get install -y --no-install-recommends redis-server`,
    ],
    ['dnf', `${sudo}dnf install -y redis || ${sudo}dnf install -y valkey-compat-redis`],
    ['apk', `${sudo}apk add redis`],
    ['pacman', `${sudo}pacman -S --needed valkey`],
    ['zypper', `${sudo}zypper install -y redis`],
  ];
  const known = commands.find(([tool]) => at.tools.has(tool));
  if (known === undefined) {
    return ["Install redis-server with this system's package manager.", '', again];
  }
  return ['Install it with:', '', `  ${known[1]}`, '', again];
}

/**
 * The first executable file of that name on PATH, or null.
 * @param {string} name
 * @param {string} path
 */
export function findOnPath(name, path) {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`, name] : [name];
  for (const folder of path.split(delimiter).filter((part) => part !== '')) {
    for (const candidate of names.map((each) => join(folder, each))) {
      if (isExecutable(candidate)) return candidate;
    }
  }
  return null;
}

/** @param {string} text */
function parsePackages(text) {
  try {
    const packages = JSON.parse(text).packages;
    return typeof packages === 'object' ? packages : null;
  } catch {
    return null;
  }
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} file */
function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} root */
function shippedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** @param {string} file */
function nodeRuns(file) {
  return existsSync(file) && spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Runs a command quietly; its last lines are shown only when it fails.
 * @param {readonly string[]} command
 * @param {import('node:child_process').SpawnSyncOptions & { inherit?: boolean }} options
 */
function runQuietly([name, ...args], { inherit = false, ...options } = {}) {
  const done = spawnSync(String(name), args, {
    ...options,
    stdio: ['inherit', inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'],
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (done.status === 0) return true;
  const lines = `${done.stdout ?? ''}${done.stderr ?? ''}`.split('\n').filter((line) => !/EBADENGINE/.test(line));
  console.error(lines.slice(-OUTPUT_LINES_SHOWN).join('\n').trim());
  if (done.error) console.error(done.error.message);
  return false;
}

/**
 * npm runs on the machine's own Node: the shipped one, first in PATH inside an npm script, is among what npm is about to replace.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
function npmCommand(root, env) {
  const folders = (env.PATH ?? '').split(delimiter);
  const path = folders.filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder)).join(delimiter);
  const isShipped = process.execPath.startsWith(join(root, 'node_modules') + sep);
  const node = isShipped ? findOnPath('node', path) : process.execPath;
  const script = env.npm_execpath ?? '';
  const command = node !== null && /npm-cli\.[cm]?js$/.test(script) ? [node, script] : ['npm'];
  return { command, path };
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
function setUpPackages(root, env) {
  const lock = readOrNull(join(root, 'package-lock.json'));
  if (lock === null) {
    console.error(`There is no package-lock.json in ${root}: this is not a complete copy of Sluice.`);
    return false;
  }
  const node = shippedNode(root);
  const missing = checkPackages(lock, readOrNull(join(root, 'node_modules', '.package-lock.json')));
  if (missing === null && nodeRuns(node)) return true;
  const startedMs = Date.now();
  console.log(
    `Installing packages with npm ci, because ${missing ?? 'their Node does not run'}; this takes up to two minutes ...`,
  );
  const { command, path } = npmCommand(root, env);
  // Both flags undo what a machine may have set: without its development dependencies Sluice has no Node, and engines only warn.
  const args = ['ci', '--include=dev', '--engine-strict=false', '--no-audit', '--no-fund', '--loglevel=error'];
  const shell = process.platform === 'win32' && command.length === 1;
  if (!runQuietly([...command, ...args], { cwd: root, env: { ...env, PATH: path }, shell })) {
    console.error('npm ci failed, see above. Nothing else was changed; the same command tries again.');
    return false;
  }
  if (!nodeRuns(node)) installNode(root, { ...env, PATH: path });
  if (!nodeRuns(node)) {
    console.error(
      `The Node that runs Sluice is not in ${node}. Does this machine keep npm from running install scripts?`,
    );
    return false;
  }
  console.log(`Packages installed in ${seconds(startedMs)} s.`);
  return true;
}

/**
 * The package `node` fetches its binary in an install script, which an npm with ignore-scripts leaves out.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
function installNode(root, env) {
  const cwd = join(root, 'node_modules', 'node');
  runQuietly([process.execPath, 'installArchSpecificPackage.js'], {
    cwd,
    env: { ...env, npm_config_ignore_scripts: 'false' },
  });
}

/** @param {NodeJS.ProcessEnv} env */
async function setUpRedis(env) {
  const path = env.PATH ?? '';
  const tools = ['apt-get', 'sudo', 'dnf', 'apk', 'pacman', 'zypper'].filter((name) => findOnPath(name, path) !== null);
  const plan = planRedis({
    redisUrl: env.REDIS_URL,
    hasRedisServer: findOnPath('redis-server', path) !== null,
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    tools: new Set(tools),
    isSystemd: existsSync('/run/systemd/system'),
  });
  if (plan.kind === 'nothing') return true;
  if (plan.kind === 'tell') {
    for (const line of ['Sluice keeps activities in Redis, and there is no redis-server here.', ...plan.lines])
      console.error(line);
    return false;
  }
  if (plan.ask && !(await agrees('There is no redis-server here. Install it with apt-get through sudo? [y/N] '))) {
    console.error(
      'Not installed. Set REDIS_URL to a Redis that is there already, or install redis-server and run the same command again.',
    );
    return false;
  }
  const startedMs = Date.now();
  console.log(
    'Installing redis-server with apt-get (it is not started, Sluice runs its own); this takes up to a minute ...',
  );
  if (!runQuietly(plan.command, { env })) {
    console.error(
      'apt-get could not install redis-server, see above. Install it another way, or set REDIS_URL to a Redis that is there already.',
    );
    return false;
  }
  if (findOnPath('redis-server', path) === null) {
    console.error('apt-get has finished, but there is still no redis-server on PATH.');
    return false;
  }
  console.log(`redis-server installed in ${seconds(startedMs)} s.`);
  return true;
}

/**
 * Never a reason to stop: without a browser the tests of pages are skipped, and say so.
 * @param {NodeJS.ProcessEnv} env
 */
function setUpBrowser(env) {
  const path = env.PATH ?? '';
  if (BROWSERS.some((name) => findOnPath(name, path) !== null)) return;
  if (process.getuid?.() !== 0 || findOnPath('apt-get', path) === null) {
    console.log('There is no chromium on PATH, so the tests of pages in a browser will be skipped.');
    return;
  }
  const startedMs = Date.now();
  console.log('Installing chromium with apt-get, for the tests of pages; this takes up to two minutes ...');
  const script = aptScript(false).replace('redis-server', 'chromium');
  if (runQuietly(['sh', '-c', script], { env })) console.log(`chromium installed in ${seconds(startedMs)} s.`);
  else console.error('apt-get could not install chromium, see above; the tests of pages will be skipped.');
}

/** @param {string} question */
async function agrees(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D and Ctrl-C close the interface without an answer, which is a no.
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')));
  const answer = String(await Promise.race([terminal.question(question).catch(() => ''), closed]));
  terminal.close();
  return /^\s*y(es)?\s*$/i.test(answer);
}

/** @param {number} startedMs */
function seconds(startedMs) {
  return Math.max(1, Math.round((Date.now() - startedMs) / 1000));
}

/**
 * Answers the exit code.
 * @param {{ readonly root: string, readonly args: readonly string[], readonly env: NodeJS.ProcessEnv }} at
 */
export async function setUp({ root, args, env }) {
  const tooOld = checkNode(process.versions.node);
  if (tooOld !== null) {
    console.error(tooOld);
    return 1;
  }
  if (!setUpPackages(root, env)) return 1;
  if (args.includes('--packages-only')) return 0;
  if (!(await setUpRedis(env))) return 1;
  if (args.includes('--browser')) setUpBrowser(env);
  return 0;
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === here) {
  process.exitCode = await setUp({
    root: fileURLToPath(new URL('..', import.meta.url)),
    args: process.argv.slice(2),
    env: process.env,
  });
}
