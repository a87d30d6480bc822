/* Ready as long as Redis answered within the last ten seconds. */
export interface WatchedReadiness {
  readonly ready: () => { readonly ready: true } | { readonly ready: false; readonly reason: string };
  stop(): void;
}

const PING_EVERY_MS = 1000;
const AWAY_MS_MAX = 10_000;

export function watchReadiness(ping: () => Promise<void>): WatchedReadiness {
  let answeredAt = Number.NEGATIVE_INFINITY;
  let asking = false;
  function ask(): void {
    if (asking) return;
    asking = true;
    ping()
      .then(
        () => {
          answeredAt = performance.now();
        },
        () => {},
      )
      .finally(() => {
        asking = false;
      });
  }
  ask();
  const timer = setInterval(ask, PING_EVERY_MS);
  return {
    ready: () =>
      performance.now() - answeredAt < AWAY_MS_MAX
        ? { ready: true }
        : { ready: false, reason: 'Redis did not answer in the last 10 seconds.' },
    stop: () => clearInterval(timer),
  };
}
