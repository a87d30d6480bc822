/*
  Back-pressure: when a connection whose backlog is full has room again. Asked only for connections that refuse, it looks at
  each of them once a second at most, and learns from two looks how fast the backlog drains. Before there are two, the
  learned quota has to do: so many calls a second, each full.
*/
import { type ActivityStore, type ConnectionView, retryAfterS } from '@sluice/core';

export interface FullBacklog {
  readonly connectionId: string;
  /** Entries it holds, and the most that it may hold. */
  readonly pending: number;
  readonly pendingMax: number;
  /** Entries that found no room. */
  readonly entries: number;
  /** Entries of a full call. */
  readonly entriesMax: number;
}

export interface Backlogs {
  /** For Retry-After. Never rejects, and never waits long. */
  secondsUntilRoom(full: FullBacklog): Promise<number>;
}

export interface BacklogParts {
  readonly store: Pick<ActivityStore, 'connection'>;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  readonly chance: () => number;
}

interface Look {
  readonly atMs: number;
  /** Entries that left the backlog since there is one. */
  readonly ended: number;
  readonly perSecond: number | null;
}

const LOOK_EVERY_MS = 1000;
/** A caller waits so long for a look, not longer; what is known without it has to do then. */
const LOOK_MS_MAX = 200;
/** Two looks that lie further apart say little of now. */
const LOOK_KEPT_MS = 60_000;
const CONNECTIONS_MAX = 1000;

export function watchBacklogs({ store, clock, chance }: BacklogParts): Backlogs {
  const looks = new Map<string, Look>();
  const looking = new Map<string, Promise<void>>();

  async function look(connectionId: string, entriesMax: number): Promise<void> {
    const view = await store.connection(connectionId);
    if (view === null) return;
    const before = looks.get(connectionId);
    looks.delete(connectionId);
    if (looks.size >= CONNECTIONS_MAX) for (const oldest of looks.keys()) return void looks.delete(oldest);
    looks.set(connectionId, compare(before, view, { atMs: clock(), entriesMax }));
  }

  function lookOnce(connectionId: string, entriesMax: number): Promise<void> {
    const running = looking.get(connectionId);
    if (running !== undefined) return running;
    if (looking.size >= CONNECTIONS_MAX) return Promise.resolve();
    const started = look(connectionId, entriesMax)
      .catch(() => {})
      .finally(() => looking.delete(connectionId));
    looking.set(connectionId, started);
    return started;
  }

  return {
    secondsUntilRoom: async ({ connectionId, pending, pendingMax, entries, entriesMax }) => {
      const known = looks.get(connectionId);
      if (known === undefined || clock() - known.atMs >= LOOK_EVERY_MS) {
        await within(lookOnce(connectionId, entriesMax), LOOK_MS_MAX);
      }
      const perSecond = looks.get(connectionId)?.perSecond ?? null;
      return retryAfterS({ excess: pending + entries - pendingMax, perSecond, chance: chance() });
    },
  };
}

function compare(
  before: Look | undefined,
  view: ConnectionView,
  { atMs, entriesMax }: { readonly atMs: number; readonly entriesMax: number },
): Look {
  const ended = view.appended + view.replayed - view.pending;
  if (before !== undefined && atMs - before.atMs < LOOK_KEPT_MS && atMs > before.atMs) {
    return { atMs, ended, perSecond: (Math.max(0, ended - before.ended) * 1000) / (atMs - before.atMs) };
  }
  if (view.state === 'paused' || view.state === 'held') return { atMs, ended, perSecond: 0 };
  const intervalUs = view.bucket?.intervalUs ?? 0;
  return { atMs, ended, perSecond: intervalUs > 0 ? (1_000_000 / intervalUs) * entriesMax : null };
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
