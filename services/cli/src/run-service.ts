import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isUnderNpm } from './watch-parents.ts';
import { EXIT_FAILED, EXIT_USAGE, type World } from './world.ts';

/**
 * Becomes the service: this process is replaced, so that signals, exit code and output are the service's own with nothing in between.
 * Answers only when that was not possible.
 */
export async function runService(name: string, args: readonly string[], world: World): Promise<number> {
  if (args.length > 0) {
    world.err.write(`sluice ${name} takes no arguments, its settings are environment variables: ${args.join(' ')}\n`);
    return EXIT_USAGE;
  }
  const entry = join(world.root, 'services', name, 'src', 'main.ts');
  if (!existsSync(entry)) {
    world.err.write(`${entry} is missing: this copy of Sluice has no ${name}.\n`);
    return EXIT_FAILED;
  }
  if (process.execve === undefined) {
    world.err.write(`This system cannot replace a process. Run \`node ${entry}\` instead.\n`);
    return EXIT_FAILED;
  }
  const before = ['stop-early.ts', ...(isUnderNpm(world.env) ? ['stop-with-npm.ts'] : [])];
  const imports = before.flatMap((file) => ['--import', new URL(file, import.meta.url).href]);
  process.execve(process.execPath, [process.execPath, ...imports, entry], definedOf(world.env));
  return EXIT_FAILED;
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) out[name] = value;
  return out;
}
