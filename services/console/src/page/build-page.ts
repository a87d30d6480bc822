/*
  Makes the page's files out of services/console/page with esbuild, once: what was made is kept beside the packages under a name
  that follows from every source and library it is made of. Where nothing can be written (a read-only image) it is made at each
  start instead, which takes a fraction of a second. No network is needed.
*/
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A page: its HTML, and its files by name. A name contains the hash of its file. */
export interface Page {
  readonly html: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

const ROOM = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/sluice-page/', import.meta.url));
/** What the page is made of beside its own folder. */
const SHARED_FOLDERS = ['page', 'src/words'];
const LIBRARIES = ['esbuild', 'preact', '@preact/signals', '@preact/signals-core', 'uplot'];

export async function loadPage(): Promise<Page> {
  const folder = join(CACHE, keyOfSources());
  const kept = readKept(folder);
  if (kept !== null) return kept;
  const page = await buildPage();
  keep(folder, page);
  return page;
}

async function buildPage(): Promise<Page> {
  const { outputFiles } = await build({
    absWorkingDir: ROOM,
    entryPoints: { page: 'page/main.tsx' },
    bundle: true,
    write: false,
    outdir: '/',
    entryNames: '[name]-[hash]',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'eof',
    logLevel: 'silent',
  });
  const files = new Map(outputFiles.map((file) => [file.path.replace(/^.*[\\/]/, ''), Buffer.from(file.contents)]));
  const named = (ending: string) => [...files.keys()].find((name) => name.endsWith(ending)) ?? '';
  const html = readFileSync(join(ROOM, 'page/index.html'), 'utf8')
    .replace('page.css', `assets/${named('.css')}`)
    .replace('page.js', `assets/${named('.js')}`);
  return { html, files };
}

function keyOfSources(): string {
  const hash = createHash('sha256');
  for (const folder of SHARED_FOLDERS) {
    for (const name of readdirSync(join(ROOM, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(tsx?|css|html)$/.test(name))
        hash.update(`${folder}/${name}\0`).update(readFileSync(join(ROOM, folder, name)));
    }
  }
  const require = createRequire(import.meta.url);
  for (const name of LIBRARIES) hash.update(`${name} ${versionOf(require, name)}\0`);
  return hash.digest('hex').slice(0, 32);
}

/** Not every package lets its package.json be imported. */
function versionOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this folder: the next one further up.
    }
  }
  return 'unknown';
}

function readKept(folder: string): Page | null {
  try {
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    const names = readdirSync(join(folder, 'assets'));
    return { html, files: new Map(names.map((name) => [name, readFileSync(join(folder, 'assets', name))])) };
  } catch {
    return null;
  }
}

/** In one step, so that nobody reads half a page. Whoever is second finds it there. */
function keep(folder: string, { html, files }: Page): void {
  let begun: string | null = null;
  try {
    mkdirSync(CACHE, { recursive: true });
    begun = mkdtempSync(join(CACHE, 'new-'));
    mkdirSync(join(begun, 'assets'));
    for (const [name, content] of files) writeFileSync(join(begun, 'assets', name), content);
    writeFileSync(join(begun, 'index.html'), html);
    renameSync(begun, folder);
  } catch {
    if (begun !== null) rmSync(begun, { recursive: true, force: true });
  }
}
