/*
  The walls between the rooms. Biome refuses an import that the room's package.json does not declare (noUndeclaredDependencies);
  this check holds what Biome cannot see: what package.json files may declare (core nothing, each outside library in exactly one
  room), relative imports that climb out of a room, and comments in core that would switch a rule off.
*/
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';

/** Libraries of tests and types: any room may use them in tests. */
const TEST_TOOLS = new Set(['fast-check', '@types/node', 'playwright-core']);
const OURS = /^(@sluice\/|sluice$)/;
const RELATIVE_IMPORT = /\b(?:from|import|require)\s*\(?\s*(['"])(\.[^'"]*)\1/g;
const SUPPRESSION = /biome-ignore|@ts-(?:ignore|expect-error|nocheck)/;
/** Ways to have in core what its types and globals do not give: other types, a declaration, the machine's language. */
const SIDE_DOOR = /^\s*\/\/\/\s*<|^\s*(?:export\s+)?declare\s|\.toLocale\w+\(|\.localeCompare\(/m;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** One sentence per broken wall; empty when all stand. */
export function brokenWalls(root: string): readonly string[] {
  return [...checkManifests(root), ...checkSources(root)];
}

function checkManifests(root: string): readonly string[] {
  const problems: string[] = [];
  const roomOf = new Map<string, string>();
  for (const file of list(root, ['packages/*/package.json', 'services/*/package.json'])) {
    const room: Manifest = JSON.parse(readFileSync(join(root, file), 'utf8'));
    const runtime = Object.keys(room.dependencies ?? {});
    const tests = Object.keys(room.devDependencies ?? {}).filter((name) => !TEST_TOOLS.has(name));
    if (room.name === '@sluice/core' && runtime.length > 0) {
      problems.push(`${file}: core imports nothing, but declares ${runtime.join(', ')}`);
    }
    for (const name of [...runtime, ...tests].filter((dependency) => !OURS.test(dependency))) {
      const other = roomOf.get(name);
      if (other !== undefined) problems.push(`${file}: ${name} already lives in ${other}; use that room`);
      else roomOf.set(name, room.name);
    }
  }
  return problems;
}

function checkSources(root: string): readonly string[] {
  const problems: string[] = [];
  for (const file of list(root, ['packages/*/{src,test,bin}/**/*.{ts,js}', 'services/*/{src,test,bin}/**/*.{ts,js}'])) {
    const text = readFileSync(join(root, file), 'utf8');
    const room = file.split('/', 2).join('/');
    for (const [, , path] of text.matchAll(RELATIVE_IMPORT)) {
      const target = posix.join(dirname(file), path!);
      if (!target.startsWith(`${room}/`)) {
        problems.push(`${file}: imports ${target} by its path; declare the room and import it by its name`);
      }
    }
    if (room !== 'packages/core' || file.endsWith('.test.ts') || !file.includes('/src/')) continue;
    if (SUPPRESSION.test(text)) problems.push(`${file}: no rule is switched off in core`);
    const door = SIDE_DOOR.exec(text);
    if (door !== null) problems.push(`${file}: core cannot touch the world, but says ${door[0].trim()}`);
  }
  return problems;
}

function list(root: string, patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root })
    .map((file) => file.split(sep).join('/'))
    .sort();
}
