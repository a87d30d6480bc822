#!/usr/bin/env node
/* The command line on the right Node: plain JavaScript, so that whatever Node `npx sluice` finds can read it. */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 26;
const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const main = join(here, '..', 'src', 'main.ts');

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  process.argv[1] = main;
  await import('../src/main.ts');
} else {
  runOnShippedNode();
}

function runOnShippedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const node = join(here, '..', '..', '..', 'node_modules', 'node', 'bin', name);
  if (!existsSync(node)) {
    console.error(
      `Sluice runs on Node ${NODE_MAJOR_MIN}, and this is Node ${process.versions.node}. Run \`node scripts/set-up.js\` in the clone first; it fetches the right one.`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A Ctrl-C in a terminal reaches the child by itself; passing it on would make it two, and a second one means "at once".
  const isTerminal = process.stdin.isTTY === true || process.stdout.isTTY === true;
  process.on('SIGINT', () => isTerminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}
