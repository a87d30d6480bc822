/* Every wall is shown to stand by planting what it must refuse. Nothing is planted in the clone itself. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './support/make-folder.ts';
import { brokenWalls } from './walls.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the walls of this clone stand', () => {
  assert.deepEqual(brokenWalls(ROOT), []);
});

test('core may declare no dependency', (t) => {
  const manifest = { name: '@sluice/core', dependencies: { '@sluice/store': '*' } };
  const root = makeFolder(t, { 'packages/core/package.json': JSON.stringify(manifest) });
  assert.deepEqual(brokenWalls(root), ['packages/core/package.json: core imports nothing, but declares @sluice/store']);
});

test('an outside library lives in one room, for tests as well; our rooms and the tools of tests may be anywhere', (t) => {
  const root = makeFolder(t, {
    'packages/a/package.json': JSON.stringify({
      name: '@sluice/a',
      dependencies: { ioredis: '1', '@sluice/core': '*' },
      devDependencies: { 'fast-check': '1' },
    }),
    'services/b/package.json': JSON.stringify({
      name: '@sluice/b',
      dependencies: { '@sluice/core': '*' },
      devDependencies: { ioredis: '1', 'fast-check': '1' },
    }),
  });
  assert.deepEqual(brokenWalls(root), ['services/b/package.json: ioredis already lives in @sluice/a; use that room']);
});

test('nobody climbs into another room by a relative path', (t) => {
  const root = makeFolder(t, {
    'packages/a/src/deep/one.ts': [
      "import { x } from '../../../b/src/index.ts';",
      "export { y } from '../../test/own.ts';",
      "const z = await import('../../../../services/c/src/main.ts');",
    ].join('\n'),
  });
  assert.deepEqual(brokenWalls(root), [
    'packages/a/src/deep/one.ts: imports packages/b/src/index.ts by its path; declare the room and import it by its name',
    'packages/a/src/deep/one.ts: imports services/c/src/main.ts by its path; declare the room and import it by its name',
  ]);
});

test('no comment switches a rule off in core', (t) => {
  const comment = '// biome-ignore lint/style/noRestrictedGlobals: once\n';
  const root = makeFolder(t, {
    'packages/core/src/a.ts': comment,
    'packages/core/src/b.ts': '// @ts-expect-error\n',
    'packages/core/src/a.test.ts': comment,
    'packages/store/src/a.ts': comment,
  });
  assert.deepEqual(brokenWalls(root), [
    'packages/core/src/a.ts: no rule is switched off in core',
    'packages/core/src/b.ts: no rule is switched off in core',
  ]);
});

test('core brings in no types, declarations or language of the machine by a side door', (t) => {
  const root = makeFolder(t, {
    'packages/core/src/a.ts': '/// <reference types="node" />\n',
    'packages/core/src/b.ts': 'declare const process: { exit(): void };\n',
    'packages/core/src/c.ts': 'export const x = (n: number) => n.toLocaleString();\n',
    'packages/core/src/d.ts': 'export const declared = "declare nothing";\n',
    'packages/store/src/a.ts': 'declare const x: number;\n',
  });
  assert.deepEqual(brokenWalls(root), [
    'packages/core/src/a.ts: core cannot touch the world, but says /// <',
    'packages/core/src/b.ts: core cannot touch the world, but says declare',
    'packages/core/src/c.ts: core cannot touch the world, but says .toLocaleString(',
  ]);
});

/** What the language itself gives, the same on every machine at every time. */
const LANGUAGE = new Set(
  `Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Error AggregateError EvalError RangeError
  ReferenceError SuppressedError SyntaxError TypeError URIError Float16Array Float32Array Float64Array Infinity Int16Array
  Int32Array Int8Array Iterator JSON Map Math NaN Number Object Promise RegExp Set String Symbol Uint16Array Uint32Array
  Uint8Array Uint8ClampedArray WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent isFinite isNaN
  parseFloat parseInt undefined`.split(/\s+/),
);

test('of everything that this Node gives globally, core is denied all but the language itself', () => {
  const { overrides } = JSON.parse(read('biome.json'));
  const core = overrides.find((override: { readonly plugins?: unknown }) => override.plugins !== undefined);
  const denied = core.linter.rules.style.noRestrictedGlobals.options.deniedGlobals;
  const given = Object.getOwnPropertyNames(globalThis).filter((name) => !LANGUAGE.has(name) && !(name in denied));
  assert.deepEqual(given, []);
});

/** What Biome must say of a file, by what stands in it. */
const CORE_REFUSED: Readonly<Record<string, string>> = {
  "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;": 'lint/correctness/noNodejsModules',
  "export { tmpdir } from 'os';": 'lint/correctness/noNodejsModules',
  "import { Redis } from 'ioredis';\nexport const x = Redis;": 'lint/correctness/noUndeclaredDependencies',
  "import { openRedisStore } from '@sluice/store';\nexport const x = openRedisStore;":
    'lint/correctness/noUndeclaredDependencies',
  'export const x = () => Date.now();': 'lint/style/noRestrictedGlobals',
  'export const x = () => new Date();': 'lint/style/noRestrictedGlobals',
  "export const x = globalThis['fetch'];": 'lint/style/noRestrictedGlobals',
  "export const x = new Function('return 1');": 'lint/style/noRestrictedGlobals',
  "export const x = eval('1');": 'lint/style/noRestrictedGlobals',
  'export const x = () => process.exit(1);': 'lint/style/noRestrictedGlobals',
  'export const x = () => performance.now();': 'lint/style/noRestrictedGlobals',
  'export const x = () => new Intl.DateTimeFormat().format();': 'lint/style/noRestrictedGlobals',
  'export const x = (a: Int32Array) => Atomics.wait(a, 0, 0, 1);': 'lint/style/noRestrictedGlobals',
  "export const x = () => fetch('http://127.0.0.1');": 'lint/style/noRestrictedGlobals',
  'export const x = () => Math.random();': 'plugin',
  "export const x = () => Math['random']();": 'plugin',
  'const { random } = Math;\nexport const x = random;': 'plugin',
  'const m = Math;\nexport const x = () => m.random();': 'plugin',
  "export const x = () => import('./limits.ts');": 'plugin',
};
const CORE_TAKEN = [
  'export const x = (a: number) => Math.max(1, Math.floor(a) * Math.PI);',
  "import { CALL_ENTRIES_MAX } from './limits.ts';\nexport const x = CALL_ENTRIES_MAX;",
];

test('Biome keeps time, chance, Node and every library out of core', (t) => {
  const refused = Object.entries(CORE_REFUSED);
  const said = lint(t, {
    'packages/core/package.json': read('packages/core/package.json'),
    ...Object.fromEntries(refused.map(([text], n) => [`packages/core/src/refused-${n}.ts`, `${text}\n`])),
    ...Object.fromEntries(CORE_TAKEN.map((text, n) => [`packages/core/src/taken-${n}.ts`, `${text}\n`])),
    'packages/core/src/taken.test.ts': "import test from 'node:test';\n\ntest('at', () => void Date.now());\n",
  });
  for (const [n, [text, rule]] of refused.entries()) {
    assert.ok(said.get(`packages/core/src/refused-${n}.ts`)?.includes(rule), `${rule} is silent about: ${text}`);
  }
  assert.deepEqual(
    [...said.keys()].filter((file) => file.includes('taken')),
    [],
  );
});

test('Biome refuses a library that another room has', (t) => {
  const said = lint(t, {
    'packages/store/package.json': read('packages/store/package.json'),
    'packages/store/src/own.ts': "import { Redis } from 'ioredis';\n\nexport const x = Redis;\n",
    'packages/store/src/foreign.ts': "import { Queue } from 'bullmq';\n\nexport const x = Queue;\n",
  });
  assert.deepEqual(Object.fromEntries(said), {
    'packages/store/src/foreign.ts': ['lint/correctness/noUndeclaredDependencies'],
  });
});

test("core's types know nothing of the world", (t) => {
  const unknown = ['fetch', 'process', 'setTimeout', 'console', 'performance', 'crypto', 'Buffer', 'URL'];
  const root = makeFolder(t, {
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({ extends: join(ROOT, 'packages/core/tsconfig.json'), include: ['src'] }),
    ...Object.fromEntries(unknown.map((name) => [`src/${name}.ts`, `export const x = ${name};\n`])),
    'src/node.ts': "import type { Stats } from 'node:fs';\nexport type X = Stats;\n",
    'src/taken.ts': 'export const x = new Map<string, number>([["a", Math.abs(1)]]);\n',
  });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const { stdout } = run(root, 'tsc', ['-p', '.', '--pretty', 'false']);
  const files = [...stdout.matchAll(/^src\/([A-Za-z]+)\.ts\(\d+,\d+\): error TS\d+/gm)].map(([, name]) => name);
  assert.deepEqual([...new Set(files)].sort(), [...unknown, 'node'].sort(), stdout);
});

/** Lints a folder of these files under our configuration: file -> rules that spoke. */
function lint(t: TestContext, files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const ours = ['biome.json', '.gitignore', 'package.json', 'tools/lint/core-is-pure.grit'];
  const root = makeFolder(t, { ...Object.fromEntries(ours.map((file) => [file, read(file)])), ...files });
  const { stdout, stderr } = run(root, 'biome', ['lint', '--reporter=json', '--max-diagnostics=none', 'packages']);
  const rules = new Map<string, string[]>();
  try {
    for (const { category, location } of JSON.parse(stdout).diagnostics) {
      rules.set(location.path, [...(rules.get(location.path) ?? []), category]);
    }
  } catch (error) {
    assert.fail(`biome's report cannot be read: ${error}\n${stdout}\n${stderr}`);
  }
  return rules;
}

function run(cwd: string, command: string, args: readonly string[]): { stdout: string; stderr: string } {
  return spawnSync(join(ROOT, 'node_modules/.bin', command), args, { cwd, encoding: 'utf8' });
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
