import type { ServerResponse } from 'node:http';

/** Knows when the last response has closed. A server's own 'close' can come before those of the sockets it destroyed. */
export interface OpenResponses {
  add(response: ServerResponse): void;
  /** Waits no longer than `withinMs`: a response still queued behind another (pipelining) is never told of the socket's end. */
  allClosed(withinMs: number): Promise<void>;
}

export function createOpenResponses(): OpenResponses {
  let open = 0;
  let waiting: (() => void)[] = [];
  return {
    add(response) {
      open++;
      response.once('close', () => {
        open--;
        if (open > 0) return;
        for (const resolve of waiting) resolve();
        waiting = [];
      });
    },
    allClosed: (withinMs) =>
      new Promise((resolve) => {
        if (open === 0) return resolve();
        waiting.push(resolve);
        setTimeout(resolve, withinMs);
      }),
  };
}
