/* Does the store answer, and how safely does it keep what it was given: looked at every second. */
import type { Readiness } from '@sluice/http';

export interface StoreWatch {
  readonly ready: () => Readiness;
  /** What the store last said; null until it has. */
  readonly durability: () => string | null;
  stop(): void;
}

export interface StoreWatchParts {
  readonly store: { ping(): Promise<void>; durability(): Promise<string> };
  /** Milliseconds that only rise. */
  readonly clock: () => number;
}

const LOOK_EVERY_MS = 1000;
const AWAY_MS_MAX = 10_000;
/** Settings of a running Redis change rarely, but an operator may change them. */
const DURABILITY_EVERY_MS = 60_000;

export function watchStore({ store, clock }: StoreWatchParts): StoreWatch {
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let durability: string | null = null;
  let durabilityAtMs = Number.NEGATIVE_INFINITY;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      await store.ping();
      answeredAtMs = clock();
      if (clock() - durabilityAtMs < DURABILITY_EVERY_MS) return;
      durability = await store.durability();
      durabilityAtMs = clock();
    } catch {
      // A store that is away is what this finds out; the connection's own errors are logged where it is opened.
    } finally {
      looking = false;
    }
  }

  void look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return {
    ready: () =>
      clock() - answeredAtMs < AWAY_MS_MAX
        ? { ready: true }
        : { ready: false, reason: 'Redis did not answer in the last 10 seconds.' },
    durability: () => durability,
    stop: () => clearInterval(timer),
  };
}
