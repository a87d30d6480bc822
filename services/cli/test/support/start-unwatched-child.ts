/* A launcher that never hears from its guard: prints the pid of its child and waits to be killed. argv: what the child writes. */
import { tmpdir } from 'node:os';
import { startChild } from '../../src/launch/child.ts';

const child = startChild(
  { command: 'touch', args: [process.argv[2] ?? ''], cwd: tmpdir(), env: process.env, rank: 0 },
  {
    guard: {
      pid: 0,
      watch: () => new Promise(() => undefined),
      forget: () => undefined,
      lost: new Promise(() => undefined),
      release: () => Promise.resolve(),
    },
    log: { path: '', append: () => undefined, close: () => undefined },
    onLine: () => undefined,
  },
);
process.stdout.write(`${child.pid}\n`);
setInterval(() => undefined, 1000);
