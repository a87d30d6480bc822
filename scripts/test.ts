/*
  npm test [pattern ...]: every test but load. One run of node's test runner, so that there is one summary and it comes last.
  Tests of whole systems that failed beside another file are run once more, alone, and named at the end: docs/decisions/0019.
*/
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Real processes that share two processors and a disk with the file beside them, and wait for one another. */
const WHOLE_SYSTEMS = /^(test\/(e2e|faults|browser|deploy)|services\/[^/]+\/test)\//;
/** More is no bad luck. */
const AGAIN_MAX = 3;

const patterns = process.argv.slice(2);
const everything = ['packages', 'services', 'tools', 'bench', 'scripts', 'test'].map(
  (folder) => `${folder}/**/*.test.ts`,
);
const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const first = run(patterns.length > 0 ? patterns : everything, 2);
process.exitCode = first.status;
const { failed } = first;
if (
  first.status !== 0 &&
  failed.length > 0 &&
  failed.length <= AGAIN_MAX &&
  failed.every((file) => WHOLE_SYSTEMS.test(file))
) {
  console.log(`\nRun once more, alone: ${failed.join(', ')}\n`);
  const again = run(failed, 1);
  process.exitCode = again.status;
  if (again.status === 0)
    console.log(`\nFailed beside another file, and passed alone: ${failed.join(', ')}. Why it failed stands above.`);
}

interface Run {
  readonly status: number;
  readonly failed: readonly string[];
}

function run(files: readonly string[], concurrency: number): Run {
  const list = join(scratch, `failed-${concurrency}`);
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./scripts/list-failed-files.ts',
    `--test-reporter-destination=${list}`,
  ];
  const result = spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=300000', ...reporters, ...files],
    { stdio: 'inherit' },
  );
  return {
    status: result.status ?? 1,
    failed: readFileSync(list, 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  };
}
