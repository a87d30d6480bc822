/* The command line as a person runs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../services/cli/bin/sluice.js', import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface SluiceRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function runSluice(args: readonly string[], env: Readonly<Record<string, string>>): Promise<SluiceRun> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: OUTPUT_BYTES_MAX };
    const child = execFile(process.execPath, [BIN, ...args], options, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
