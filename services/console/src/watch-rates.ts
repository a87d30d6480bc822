/* How fast connections fill and drain: their counters now and up to half a minute ago. */
import type { ActivityStore, ConnectionView } from '@sluice/core';
import { readConnections } from './read-connections.ts';

export interface Rates {
  readonly appendedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly callsPerSecond: number;
  /** How full the calls of this stretch were; null: there were none. */
  readonly entriesPerCall: number | null;
  /** How long a call takes: calls in flight ÷ calls a second. Null: too few to say. */
  readonly callSeconds: number | null;
}

export interface RateWatch {
  /** Null: the connection has not been watched for long enough. */
  readonly of: (connectionId: string) => Rates | null;
  stop(): void;
}

export interface RateWatchParts {
  readonly store: Pick<ActivityStore, 'connection' | 'connectionIds'>;
}

const SAMPLE_EVERY_MS = 2000;
const SAMPLES_MAX = 15;
/** More connections than this are not watched: a sample reads each of them. */
const CONNECTIONS_MAX = 1000;

type Sample = Pick<ConnectionView, 'nowMs' | 'appended' | 'delivered' | 'calls' | 'callEntries' | 'leases'>;

/** Fewer calls say nothing of how long one takes. */
const CALLS_MIN = 20;
/** Samples in which calls in flight were seen; of fewer the mean says nothing. */
const LOOKS_MIN = 5;

export function watchRates({ store }: RateWatchParts): RateWatch {
  let samples = new Map<string, readonly Sample[]>();
  let sampling = false;

  async function sample(): Promise<void> {
    if (sampling) return;
    sampling = true;
    try {
      const ids = (await store.connectionIds()).slice(0, CONNECTIONS_MAX);
      const views = await readConnections(store, ids);
      samples = new Map(
        views.map((view) => [view.connectionId, [...(samples.get(view.connectionId) ?? []), view].slice(-SAMPLES_MAX)]),
      );
    } catch {
      // A store that is away has no rates.
      samples = new Map();
    } finally {
      sampling = false;
    }
  }

  void sample();
  const timer = setInterval(() => void sample(), SAMPLE_EVERY_MS);
  return {
    of: (connectionId) => ratesOf(samples.get(connectionId) ?? []),
    stop: () => clearInterval(timer),
  };
}

/** Between the first and the last sample, by the store's own clock. */
export function ratesOf(samples: readonly Sample[]): Rates | null {
  const [first, last] = [samples[0], samples.at(-1)];
  const seconds = first === undefined || last === undefined ? 0 : (last.nowMs - first.nowMs) / 1000;
  if (seconds <= 0) return null;
  const calls = last!.calls - first!.calls;
  const inFlight = samples.reduce((sum, { leases }) => sum + leases, 0) / samples.length;
  return {
    appendedPerSecond: (last!.appended - first!.appended) / seconds,
    deliveredPerSecond: (last!.delivered - first!.delivered) / seconds,
    callsPerSecond: calls / seconds,
    entriesPerCall: calls === 0 ? null : (last!.callEntries - first!.callEntries) / calls,
    callSeconds: calls < CALLS_MIN || samples.length < LOOKS_MIN ? null : (inFlight * seconds) / calls,
  };
}
