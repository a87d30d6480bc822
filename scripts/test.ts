/* npm test [pattern ...]: every test but load. One run of node's test runner, so that there is one summary and it comes last. */
import { spawnSync } from 'node:child_process';

const patterns = process.argv.slice(2);
const everything = ['packages', 'services', 'tools', 'bench', 'test'].map((folder) => `${folder}/**/*.test.ts`);
const result = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-timeout=300000', ...(patterns.length > 0 ? patterns : everything)],
  { stdio: 'inherit' },
);
process.exitCode = result.status ?? 1;
