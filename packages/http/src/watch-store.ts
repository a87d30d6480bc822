/* Keeps looking at the store: does it answer, and how safely does it keep what it was given. */
import type { Readiness } from './health-routes.ts';
import type { ServiceLogger } from './run-service.ts';

export interface WatchedStore {
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  durability(): Promise<string>;
  /** Calls at each new connection. */
  onConnection?(listener: () => void): void;
}

export interface StoreWatch {
  /** Not ready when the store has not answered for AWAY_MS_MAX. */
  readonly ready: () => Readiness;
  /** What the store last said; null until it has. */
  readonly durability: () => string | null;
  /** Looks again and again until the store has answered, at most this long. Never rejects. */
  reach(withinMs: number): Promise<void>;
  /** What was said of durability did not hold: it is asked for again with the next look. */
  doubt(): void;
  stop(): void;
}

export interface WatchParts {
  readonly store: WatchedStore;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  readonly logger: ServiceLogger;
  /** Whether a level is enough; while it is not, it is asked for with every look. Absent: any is. */
  readonly isEnough?: (durability: string) => boolean;
}

/** A Redis that starts at the same moment is waited for so long; after that callers are told, not kept waiting. */
export const REACH_MS = 2000;
const PING_EVERY_MS = 1000;
const REACH_EVERY_MS = 50;
const AWAY_MS_MAX = 10_000;
/** Settings of a running Redis change rarely, but an operator may change them. */
const DURABILITY_EVERY_MS = 60_000;

export function watchStore({ store, clock, logger, isEnough = () => true }: WatchParts): StoreWatch {
  let answeredAtMs: number | null = null;
  let durability: string | null = null;
  let durabilityReadAtMs = Number.NEGATIVE_INFINITY;
  let away = false;
  let looking: Promise<void> | null = null;

  async function lookOnce(): Promise<void> {
    try {
      await store.ping();
      const answersAgain = away && answeredAtMs !== null;
      answeredAtMs = clock();
      // `unknown` may be the answer of one that was just going away.
      const due = clock() - durabilityReadAtMs >= DURABILITY_EVERY_MS;
      const doubtful = durability === null || durability === 'unknown' || !isEnough(durability);
      if (due || away || doubtful) await readDurability();
      if (answersAgain) logger.info({}, 'Redis answers again');
      away = false;
    } catch (error) {
      if (!away && answeredAtMs !== null) logger.warn({ err: error }, 'Redis does not answer');
      away = true;
    }
  }

  async function readDurability(): Promise<void> {
    const read = await store.durability();
    durabilityReadAtMs = clock();
    if (read !== durability) logger.info({ durability: read }, 'durability read');
    durability = read;
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = null;
    });
    return looking;
  }

  // The Redis behind a new connection may be another one: nothing is promised before it has said how safely it keeps things.
  store.onConnection?.(() => {
    durability = null;
    void look();
  });
  const timer = setInterval(() => void look(), PING_EVERY_MS);
  return {
    ready: () => {
      if (answeredAtMs === null) return { ready: false, reason: 'Redis has not been reached yet.' };
      const awayMs = clock() - answeredAtMs;
      if (awayMs < AWAY_MS_MAX) return { ready: true };
      return { ready: false, reason: `Redis has not answered for ${Math.floor(awayMs / 1000)} seconds.` };
    },
    durability: () => durability,
    reach: async (withinMs) => {
      const untilMs = clock() + withinMs;
      for (;;) {
        await look();
        if (durability !== null || clock() >= untilMs) return;
        await new Promise((resolve) => setTimeout(resolve, REACH_EVERY_MS));
      }
    },
    doubt: () => {
      durabilityReadAtMs = Number.NEGATIVE_INFINITY;
    },
    stop: () => clearInterval(timer),
  };
}
