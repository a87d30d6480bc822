/*
  Holds the pages to the code: every link leads somewhere, every name that is linked to a file is defined there, every command
  and setting that is named exists. What a page says in words nobody can check; what it points at, this does.
*/
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { brokenCommands, type Commands } from './commands.ts';
import { type Link, type Page, readMarkdown } from './read-markdown.ts';

const LEFT_OUT = ['**/node_modules/**', '**/.sluice/**', 'bench/results/**'];
const IDENTIFIER = /^[A-Za-z_$][\w$]*(?:\(\))?$/;
const FILE_NAME = /^[\w./-]+\.[a-z]+$/;
const SETTING = /\b(?:SLUICE|GRAPH)_[A-Z][A-Z0-9_]*\b/g;
const SOURCES = ['{packages,services}/*/{src,test}/**/*.ts', '{bench,scripts,test}/**/*.{ts,js}'];

/** One sentence per thing that a page names and that is not there. */
export function brokenDocs(root: string, commands: Commands): readonly string[] {
  const pages = new Map<string, Page>();
  const settings = readSettings(root);
  for (const file of globSync('**/*.md', { cwd: root, exclude: LEFT_OUT }).sort()) {
    pages.set(file.split(sep).join('/'), readMarkdown(readFileSync(join(root, file), 'utf8')));
  }
  return [...pages].flatMap(([file, page]) =>
    [
      ...page.links.flatMap((link) => checkLink({ root, file, pages }, link)),
      ...brokenCommands(page.code, commands),
      ...page.code
        .flatMap((text) => text.match(SETTING) ?? [])
        .flatMap((name) => (settings.has(name) ? [] : [`nothing reads the setting ${name}`])),
    ].map((problem) => `${file}: ${problem}`),
  );
}

interface Place {
  readonly root: string;
  readonly file: string;
  readonly pages: ReadonlyMap<string, Page>;
}

function checkLink({ root, file, pages }: Place, { named, target }: Link): readonly string[] {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
  const [path = '', anchor] = target.split('#', 2);
  const full = path === '' ? join(root, file) : resolve(root, dirname(file), path);
  const inside = relative(root, full).split(sep).join('/');
  if (inside.startsWith('..')) return [`${target} lies outside the repository`];
  if (!existsSync(full)) return [`${target} does not exist`];
  if (anchor !== undefined && pages.get(inside)?.anchors.has(anchor) !== true) return [`${target} has no such heading`];
  if (named === null || !statSync(full).isFile()) return [];
  if (FILE_NAME.test(named)) return inside.endsWith(named) ? [] : [`the link says ${named}, but leads to ${inside}`];
  return IDENTIFIER.test(named) && !defines(full, named.replace('()', ''))
    ? [`${inside} does not define ${named}`]
    : [];
}

/** Whether a source file defines the name; of another file it is not asked. A script of Redis is named by its file. */
function defines(file: string, name: string): boolean {
  const kind = extname(file);
  if (!['.ts', '.js', '.lua'].includes(kind)) return true;
  if (kind === '.lua' && basename(file, kind) === name) return true;
  const text = readFileSync(file, 'utf8');
  const declared = new RegExp(
    `\\b(?:function|const|let|local|class|interface|type)\\s+${name.replace(/\$/g, '\\$')}\\b`,
  );
  const member = new RegExp(`^\\s+(?:readonly |async )*${name.replace(/\$/g, '\\$')}\\??\\s*[(:]`, 'm');
  return declared.test(text) || member.test(text);
}

function readSettings(root: string): ReadonlySet<string> {
  const files = globSync(SOURCES, { cwd: root, exclude: LEFT_OUT });
  return new Set(files.flatMap((file) => readFileSync(join(root, file), 'utf8').match(SETTING) ?? []));
}
