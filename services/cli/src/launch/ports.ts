/* Ports are looked at before anything is started, so that a taken one is a sentence and not a crash of one service among five. */
import { createServer } from 'node:net';

export interface WantedPort {
  readonly port: number;
  readonly owner: string;
  /** What the operator sets to move it. */
  readonly setting: string;
}

/** A sentence for each port that cannot be had; 0 means any and is always fine. */
export async function checkPorts(wanted: readonly WantedPort[], host = '127.0.0.1'): Promise<readonly string[]> {
  const problems: string[] = [];
  const owners = new Map<number, WantedPort>();
  for (const want of wanted) {
    if (want.port === 0) continue;
    const other = owners.get(want.port);
    owners.set(want.port, want);
    if (other !== undefined) {
      problems.push(
        `Port ${want.port} is meant for both ${other.owner} and ${want.owner}; move one with ${want.setting}.`,
      );
      continue;
    }
    const code = await tryPort(want.port, host);
    if (code === null) continue;
    const why = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be listened on (${code})`;
    problems.push(
      `Port ${want.port} (${want.owner}) ${why}. Move it with ${want.setting}, or set PORT=0 to take free ports for all.`,
    );
  }
  return problems;
}

/** A port that is free at this moment. */
export function findFreePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('The system named no port.'));
      });
    });
  });
}

function tryPort(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
