/* The package as others get it: built, packed, installed from the tarball, used on every Node it promises. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOM = fileURLToPath(new URL('..', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('support/', import.meta.url));
const INSTALL = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--foreground-scripts'];
const FOREIGN = process.env['PATH']!.split(delimiter).filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder));
/** npm as the machine has it: the tests' own Node comes first in PATH, and is not what an application runs. */
const ENV = { ...withoutNpm(process.env), PATH: FOREIGN.join(delimiter), npm_config_update_notifier: 'false' };

let folder: string;
let packed: readonly string[];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-client-'));
  const bin = join(ROOT, 'node_modules', '.bin');
  const env = { ...ENV, PATH: `${bin}${delimiter}${ENV.PATH}` };
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: ROOM, env });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: ROOM, env: ENV });
  const answer: unknown = JSON.parse(stdout);
  // A list up to npm 11, by the package's name from 12 on.
  const [one] = Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>);
  packed = one!.files.map(({ path }) => path);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'application', private: true, type: 'module' }));
  await run('npm', [...INSTALL, join(folder, one!.filename)], { cwd: folder, env: ENV });
  for (const file of ['consumer.mjs', 'consumer.cjs'])
    writeFileSync(join(folder, file), readFileSync(join(CONSUMERS, file)));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('the tarball holds what runs and what is read, and the package brings nothing along', () => {
  for (const file of ['dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE', 'package.json']) {
    assert.ok(packed.includes(file), `${file} is in the tarball`);
  }
  assert.deepEqual(
    packed.filter((file) => /test/.test(file)),
    [],
  );
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/@sluice/client/package.json'), 'utf8'));
  assert.deepEqual(
    [manifest.dependencies, manifest.private, manifest.license, manifest.engines],
    [undefined, undefined, 'MIT', { node: '>=20' }],
  );
  assert.equal(existsSync(join(folder, 'node_modules/@opentelemetry')), false);
  const sent = readFileSync(join(folder, 'node_modules/@sluice/client/dist/send-batch.js'), 'utf8');
  assert.match(sent, new RegExp(`VERSION = '${manifest.version}'`));
});

test('its types are found and hold, without those of Node being there', async () => {
  const file = join(folder, 'typed.ts');
  writeFileSync(
    file,
    `import { createSluice, type Activity, SluiceError } from '@sluice/client';
const sluice = createSluice({ url: 'http://127.0.0.1:1', onRejected: (a: Activity, e: SluiceError) => void [a.item, e.code] });
export const tracked: Promise<{ readonly id: string }> = sluice.track({ connection: 'hr1', item: 'a', type: 'viewed',
  startDateTime: new Date(0), performedBy: { type: 'user', id: 'x' } });
// @ts-expect-error: there is no such type of activity
void sluice.track({ connection: 'hr1', item: 'a', type: 'view', startDateTime: '', performedBy: { type: 'user', id: 'x' } });
`,
  );
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const options = '--noEmit --strict --module nodenext --target es2022 --lib es2022,dom --types'.split(' ');
  await run(process.execPath, [tsc, ...options, '', file], { cwd: folder }).catch(({ stdout }) => assert.fail(stdout));
});

test(`on the machine's own Node`, async (t) => {
  const node = FOREIGN.map((path) => join(path, 'node')).find(existsSync);
  if (node === undefined) return t.skip('there is no node on PATH but the one of this clone');
  await assertWorks(t, node);
});

test('on the Node of this clone', (t) => assertWorks(t, process.execPath));

test('on Node 22', async (t) => {
  const node = await fetchNode('22').catch(() => null);
  if (node === null) return t.skip('npm could not install node@22 here');
  await assertWorks(t, node);
});

test('with OpenTelemetry the trace goes along', async (t) => {
  const installed = await run('npm', [...INSTALL, '@opentelemetry/api@1'], { cwd: folder, env: ENV }).catch(() => null);
  if (installed === null) return t.skip('npm could not install @opentelemetry/api here');
  assert.equal((await use(process.execPath))['traceparent'], '00-1-2-01');
});

async function assertWorks(t: { diagnostic(text: string): void }, node: string): Promise<void> {
  const { node: version, ...seen } = await use(node);
  t.diagnostic(`Node ${version}`);
  assert.deepEqual(await use(node, 'consumer.cjs'), { node: version, made: ['function', 'SluiceError'] });
  // One request, tried twice under one key.
  const once = { stored: 100, rejections: ['type_unknown'], requests: 2, keys: 1, zipped: true };
  assert.deepEqual(seen, { ...once, traceparent: null });
}

async function use(node: string, file = 'consumer.mjs'): Promise<Record<string, unknown>> {
  const { stdout } = await run(node, [file], { cwd: folder, env: ENV, timeout: 60_000 });
  return JSON.parse(stdout);
}

async function fetchNode(version: string): Promise<string> {
  const home = mkdtempSync(join(folder, `node-${version}-`));
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'home', private: true }));
  await run('npm', [...INSTALL, `node@${version}`], { cwd: home, env: ENV, timeout: 120_000 });
  const node = join(home, 'node_modules', 'node', 'bin', 'node');
  await run(node, ['--version']);
  return node;
}

function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|NODE_)/.test(name)));
}
