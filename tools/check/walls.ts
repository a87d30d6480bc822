/*
  The walls between the rooms. Biome refuses an import that the room's package.json does not declare (noUndeclaredDependencies);
  this check holds what package.json files may declare: core declares nothing, and each outside library has exactly one room.
*/
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Libraries of tests and types: any room may use them in tests. */
const TEST_TOOLS = new Set(['fast-check', '@types/node', 'playwright-core']);
const OURS = /^(@sluice\/|sluice$)/;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** One sentence per broken wall; empty when all stand. */
export function brokenWalls(root: string): readonly string[] {
  const problems: string[] = [];
  const roomOf = new Map<string, string>();
  for (const file of globSync(['packages/*/package.json', 'services/*/package.json'], { cwd: root }).sort()) {
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
