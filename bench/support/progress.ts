/* What is going on, on stderr: stdout has nothing but the table. */
const begunMs = performance.now();

export function say(text: string): void {
  const seconds = ((performance.now() - begunMs) / 1000).toFixed(0);
  process.stderr.write(`${seconds.padStart(4)} s  ${text}\n`);
}
