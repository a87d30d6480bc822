/* npm run check: types, lint and format, walls, docs. Runs all of them, then says which failed. */
import { spawnSync } from 'node:child_process';
import { readCommands } from '../tools/check/commands.ts';
import { brokenDocs } from '../tools/check/docs.ts';
import { stalePages } from '../tools/check/pages.ts';
import { brokenWalls } from '../tools/check/walls.ts';

const steps: readonly { readonly name: string; readonly run: () => boolean }[] = [
  { name: 'lint and format', run: () => command('biome', ['check', '--error-on-warnings', '.']) },
  { name: 'types', run: () => command('turbo', ['run', 'typecheck', '--output-logs=errors-only']) },
  { name: 'types of scripts, tests, bench', run: () => command('tsc', ['-p', '.']) },
  { name: 'walls', run: () => report(brokenWalls(process.cwd())) },
  { name: 'pages made from the code', run: () => report(stalePages(process.cwd())) },
  { name: 'docs', run: () => report(brokenDocs(process.cwd(), readCommands(process.cwd()))) },
];

function command(name: string, args: readonly string[]): boolean {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  return spawnSync(name, args, { stdio: 'inherit', env }).status === 0;
}

function report(problems: readonly string[]): boolean {
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}

const failed = steps.filter((step) => {
  const ok = step.run();
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${step.name}`);
  return !ok;
});
if (failed.length > 0) {
  console.error(`check failed: ${failed.map((step) => step.name).join(', ')}`);
  process.exitCode = 1;
}
