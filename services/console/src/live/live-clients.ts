/*
  The pages that are open, each one a stream of server-sent events. All of them get the same bytes of the same tick: what
  changed since the last. A page that does not read fast enough is passed over, and gets everything anew once it has caught
  up; so nothing waits here for it but one frame.
*/
import type { ServerResponse } from 'node:http';

export interface LiveClients {
  /** False: there are CLIENTS_MAX of them already. */
  add(response: ServerResponse): boolean;
  send(frames: Frames): void;
  readonly size: () => number;
  end(): void;
}

/** `delta` goes to those who have all that came before, `whole` to the others; made only when somebody needs it. */
export interface Frames {
  readonly delta: () => string;
  readonly whole: () => string;
  /** Who got `whole` has everything. */
  readonly isWhole: boolean;
}

export const CLIENTS_MAX = 100;
/** A page that has not read for so long is gone. */
const SILENT_MS_MAX = 30_000;
/** Then it comes back by itself, and is asked again who it is. */
const STREAM_MS_MAX = 300_000;

interface Client {
  readonly response: ServerResponse;
  readonly sinceMs: number;
  blockedSinceMs: number | null;
  /** It has not got everything. */
  behind: boolean;
}

export function createLiveClients(clock: () => number): LiveClients {
  const clients = new Set<Client>();

  function add(response: ServerResponse): boolean {
    if (clients.size >= CLIENTS_MAX) return false;
    const client: Client = { response, sinceMs: clock(), blockedSinceMs: null, behind: true };
    clients.add(client);
    response.on('drain', () => {
      client.blockedSinceMs = null;
    });
    response.on('close', () => clients.delete(client));
    response.on('error', () => clients.delete(client));
    return true;
  }

  function send({ delta, whole, isWhole }: Frames): void {
    let [deltaBytes, wholeBytes]: [Buffer | null, Buffer | null] = [null, null];
    for (const client of clients) {
      if (client.blockedSinceMs !== null) {
        client.behind = true;
        if (clock() - client.blockedSinceMs > SILENT_MS_MAX) client.response.destroy();
        continue;
      }
      if (clock() - client.sinceMs > STREAM_MS_MAX) {
        client.response.end();
        continue;
      }
      if (client.behind) wholeBytes ??= Buffer.from(whole());
      else deltaBytes ??= Buffer.from(delta());
      const taken = client.response.write(client.behind ? wholeBytes : deltaBytes);
      client.behind = client.behind && !isWhole;
      if (!taken) client.blockedSinceMs = clock();
    }
  }

  return {
    add,
    send,
    size: () => clients.size,
    end: () => {
      for (const client of clients) client.response.end();
    },
  };
}
