/* Which service a command line runs: as the first argument of the image, or as the file that the process has become since. */
export const PORTS: Readonly<Record<string, string>> = {
  intake: '8080',
  console: '8081',
  emulator: '8090',
  worker: '9464',
};

/** Null: none, but a command of the command line. */
export function serviceOf(words: readonly string[]): string | null {
  for (const word of words) {
    const name = /(?:^|\/)services\/(\w+)\/src\/main\.ts$/.exec(word)?.[1] ?? word;
    if (name in PORTS) return name;
  }
  return null;
}
