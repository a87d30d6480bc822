/* The last calls, one by one: what explains a duplicate is found here by client-request-id. */

export interface LoggedCall {
  readonly call: number;
  readonly at: string;
  readonly tenant: string | null;
  readonly connection: string;
  readonly item: string;
  readonly status: number | 'reset' | 'lost';
  readonly entries: number;
  readonly clientRequestId: string | null;
  readonly requestId: string;
}

export interface CallLog {
  add(call: LoggedCall): void;
  /** Oldest first. */
  list(): readonly LoggedCall[];
  clear(): void;
}

export const CALLS_LOGGED_MAX = 10_000;

export function createCallLog(): CallLog {
  let ring: LoggedCall[] = [];
  let oldest = 0;
  return {
    add(call) {
      if (ring.length < CALLS_LOGGED_MAX) {
        ring.push(call);
        return;
      }
      ring[oldest] = call;
      oldest = (oldest + 1) % CALLS_LOGGED_MAX;
    },
    list: () => [...ring.slice(oldest), ...ring.slice(0, oldest)],
    clear() {
      [ring, oldest] = [[], 0];
    },
  };
}
