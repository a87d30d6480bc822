/* The set-up in a folder that looks like a clone, with a PATH on which there is nothing but what the test lays there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';

interface SetUp {
  checkNode(version: string): string | null;
  checkPackages(lockText: string, installedText: string | null): string | null;
  planRedis(at: RedisSituation): {
    readonly kind: 'nothing' | 'install' | 'tell';
    readonly command?: readonly string[];
    readonly ask?: boolean;
    readonly lines?: readonly string[];
  };
}

interface RedisSituation {
  readonly redisUrl: string | undefined;
  readonly hasRedisServer: boolean;
  readonly platform: string;
  readonly isRoot: boolean;
  readonly isTerminal: boolean;
  readonly tools: ReadonlySet<string>;
  readonly isSystemd: boolean;
}

const SCRIPT = new URL('../../../scripts/set-up.js', import.meta.url);
const { checkNode, checkPackages, planRedis }: SetUp = await import(SCRIPT.href);

const LOCK = {
  packages: {
    '': { name: 'clone' },
    'packages/core': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha-a' },
    'node_modules/b': { version: '1.0.0', integrity: 'sha-b', optional: true },
    'node_modules/@sluice/core': { resolved: 'packages/core', link: true },
  },
};
const { '': _root, ...INSTALLED } = LOCK.packages;
const lock = (packages: object) => JSON.stringify({ packages });

test('packages are installed when they are missing or other than the lock file says, whatever the times of the files', () => {
  assert.equal(checkPackages(lock(LOCK.packages), lock(INSTALLED)), null);
  assert.equal(checkPackages(lock(LOCK.packages), null), 'they are missing');
  assert.equal(checkPackages(lock(LOCK.packages), '{'), 'they are incomplete');
  const changed: readonly object[] = [
    { ...INSTALLED, 'node_modules/a': { version: '1.0.1', integrity: 'sha-a' } },
    { ...INSTALLED, 'node_modules/a': { version: '1.0.0', integrity: 'sha-x' } },
    { ...INSTALLED, 'node_modules/a': undefined },
    { ...INSTALLED, 'node_modules/@sluice/core': { resolved: 'packages/other', link: true } },
  ];
  for (const packages of changed) {
    assert.equal(checkPackages(lock(LOCK.packages), lock(packages)), 'package-lock.json has changed');
  }
});

test('an optional package of another system may be missing, and one more does no harm', () => {
  const packages = { ...INSTALLED, 'node_modules/b': undefined, 'node_modules/more': { version: '1.0.0' } };
  assert.equal(checkPackages(lock(LOCK.packages), lock(packages)), null);
});

test('a Node that is too old is said in a sentence', () => {
  assert.match(checkNode('18.20.1') ?? '', /needs Node 20 or newer.*this is Node 18\.20\.1/);
  assert.equal(checkNode('20.0.0'), null);
  assert.equal(checkNode('26.10.0'), null);
});

const DEBIAN: RedisSituation = {
  redisUrl: undefined,
  hasRedisServer: false,
  platform: 'linux',
  isRoot: false,
  isTerminal: true,
  tools: new Set(['apt-get', 'sudo']),
  isSystemd: false,
};

test('nothing is installed where there is a Redis', () => {
  assert.equal(planRedis({ ...DEBIAN, redisUrl: 'redis://r' }).kind, 'nothing');
  assert.equal(planRedis({ ...DEBIAN, hasRedisServer: true }).kind, 'nothing');
});

test('root installs, sudo on a terminal asks, and everybody else is told the command', () => {
  const root = planRedis({ ...DEBIAN, isRoot: true, isTerminal: false, tools: new Set(['apt-get']) });
  assert.deepEqual([root.kind, root.ask, root.command?.[0]], ['install', false, 'sh']);
  const sudo = planRedis(DEBIAN);
  assert.deepEqual([sudo.kind, sudo.ask, sudo.command?.[0]], ['install', true, 'sudo']);
  for (const at of [{ isTerminal: false }, { tools: new Set(['apt-get']) }]) {
    const told = planRedis({ ...DEBIAN, ...at });
    assert.equal(told.kind, 'tell');
    assert.match(
      told.lines?.join('\n') ?? '',
      /sudo apt-get update && sudo env RUNLEVEL=1 apt-get install .*redis-server/,
    );
  }
});

test('the distribution’s own Redis is not started: RUNLEVEL everywhere, a mask where systemd runs', () => {
  const script = (isSystemd: boolean) => planRedis({ ...DEBIAN, isRoot: true, isSystemd }).command?.at(-1) ?? '';
  assert.match(script(false), /RUNLEVEL=1/);
  assert.doesNotMatch(script(false), /systemctl/);
  assert.match(
    script(true),
    /mask --runtime redis-server[\s\S]*install[\s\S]*unmask --runtime redis-server[\s\S]*exit \$installed/,
  );
});

test('other systems are told what is usual there', () => {
  const told = (at: Partial<RedisSituation>) =>
    planRedis({ ...DEBIAN, tools: new Set(), ...at }).lines?.join('\n') ?? '';
  assert.match(told({ platform: 'darwin' }), /brew install redis/);
  assert.match(told({ platform: 'win32' }), /docker run .*[\s\S]*REDIS_URL[\s\S]*WSL/);
  assert.match(told({ tools: new Set(['dnf']) }), /sudo dnf install -y redis/);
  assert.match(told({ tools: new Set(['apk']), isRoot: true }), /^ {2}apk add redis$/m);
  assert.match(told({}), /package manager/);
});

interface Clone {
  readonly root: string;
  readonly bin: string;
  run(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string };
  calls(): readonly string[];
}

/** A folder with the script, a lock file, and a fake npm that installs, or fails. */
function makeClone(t: TestContext, { npmWorks = true } = {}): Clone {
  const root = mkdtempSync(join(tmpdir(), 'sluice-set-up-'));
  t.after(() => rmSync(root, { recursive: true }));
  const bin = join(root, 'bin');
  for (const folder of ['scripts', 'bin']) mkdirSync(join(root, folder));
  copyFileSync(SCRIPT, join(root, 'scripts', 'set-up.js'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'package-lock.json'), lock(LOCK.packages));
  const installs = [
    `/bin/mkdir -p ${root}/node_modules/node/bin`,
    `printf '#!/bin/sh\\nexit 0\\n' > ${root}/node_modules/node/bin/node`,
    `/bin/chmod +x ${root}/node_modules/node/bin/node`,
    `printf '%s' '${lock(INSTALLED)}' > ${root}/node_modules/.package-lock.json`,
  ];
  const fails = ['echo "npm warn EBADENGINE noise" >&2', 'echo "npm error the registry is away" >&2', 'exit 1'];
  const clone: Clone = {
    root,
    bin,
    run(...args) {
      const env = { PATH: bin, CALLS: join(root, 'calls') };
      const done = spawnSync(process.execPath, [join(root, 'scripts', 'set-up.js'), ...args], {
        env,
        encoding: 'utf8',
      });
      return { status: done.status, out: done.stdout, err: done.stderr };
    },
    calls: () => (existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []),
  };
  fake(clone, 'npm', npmWorks ? installs : fails);
  return clone;
}

function fake({ bin }: Clone, name: string, lines: readonly string[] = []): void {
  const file = join(bin, name);
  writeFileSync(file, ['#!/bin/sh', `echo "${name} $*" >> "$CALLS"`, ...lines, ''].join('\n'));
  chmodSync(file, 0o755);
}

test('a fresh clone gets its packages once, says so, and a second time nothing is done or said', (t) => {
  const clone = makeClone(t);
  const first = clone.run('--packages-only');
  assert.equal(first.status, 0, first.err);
  assert.match(
    first.out,
    /^Installing packages with npm ci, because they are missing.*\nPackages installed in \d+ s\.\n$/,
  );
  assert.match(clone.calls()[0] ?? '', /^npm ci --include=dev/);
  assert.deepEqual(clone.run('--packages-only'), { status: 0, out: '', err: '' });
  assert.equal(clone.calls().length, 1);
  rmSync(join(clone.root, 'node_modules', 'node'), { recursive: true });
  assert.match(clone.run('--packages-only').out, /because their Node does not run/);
});

test('an installation that fails exits 1 with npm’s own words, without its noise', (t) => {
  const clone = makeClone(t, { npmWorks: false });
  const { status, err } = clone.run();
  assert.equal(status, 1);
  assert.match(err, /npm error the registry is away\nnpm ci failed/);
  assert.doesNotMatch(err, /EBADENGINE/);
});

test('a redis-server on PATH, or only the packages asked for: Redis is left alone', (t) => {
  const clone = makeClone(t);
  fake(clone, 'apt-get', ['exit 1']);
  assert.equal(clone.run('--packages-only').status, 0);
  fake(clone, 'redis-server');
  assert.equal(clone.run().status, 0);
  assert.ok(!clone.calls().some((call) => call.startsWith('apt-get')));
});

test('a missing redis-server is installed by root, and told to anybody else', (t) => {
  const clone = makeClone(t);
  fake(clone, 'sh', ['exec /bin/sh "$@"']);
  fake(clone, 'apt-get', [
    `case "$*" in *install*) printf '#!/bin/sh\\n' > ${clone.bin}/redis-server; /bin/chmod +x ${clone.bin}/redis-server;; esac`,
  ]);
  const { status, out, err } = clone.run();
  if (process.getuid?.() === 0) {
    assert.equal(status, 0, err);
    assert.match(out, /Installing redis-server with apt-get.*\nredis-server installed in \d+ s\./);
    assert.match(
      clone.calls().findLast((call) => call.startsWith('apt-get')) ?? '',
      /install -y --no-install-recommends redis-server/,
    );
  } else {
    assert.equal(status, 1);
    assert.match(err, /sudo apt-get install .*redis-server/);
  }
});

test('an apt-get that fails is shown, and exits 1', { skip: process.getuid?.() !== 0 }, (t) => {
  const clone = makeClone(t);
  fake(clone, 'sh', ['exec /bin/sh "$@"']);
  fake(clone, 'apt-get', ['echo "E: Unable to locate package" >&2', 'exit 100']);
  const { status, err } = clone.run();
  assert.equal(status, 1);
  assert.match(err, /E: Unable to locate package[\s\S]*could not install redis-server/);
});

test('where nothing can be installed the words of the system are shown, and exit 1', (t) => {
  const clone = makeClone(t);
  const { status, err } = clone.run();
  assert.equal(status, 1);
  assert.match(err, /there is no redis-server here\.\n/);
});
