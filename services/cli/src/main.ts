/* `sluice ...` and `npm start`: picks the command. The only file of this room that reads or ends the process. */
import './stop-early.ts';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

// Whoever reads may stop early (head does): that is no error to tell. A start has services to stop first, and sees to itself.
if (process.argv[2] !== 'start') process.stdout.on('error', () => process.exit(1));

const exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  // npm runs scripts at the root of the clone; paths are meant from where the person is.
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  root: fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, ''),
  get in() {
    return process.stdin;
  },
  out: process.stdout,
  err: process.stderr,
  exit: (code) => process.exit(code),
});
// Everything has been stopped and said by now; a timer that a library left behind would keep the terminal for seconds.
for (const output of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => (output.writable ? output.write('', () => resolve()) : resolve()));
}
process.exit(exitCode);
