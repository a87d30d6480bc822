/* How fast connections fill and drain: their counters now and up to half a minute ago, by the store's own clock. */
import type { ConnectionView } from '@sluice/core';

export interface Rates {
  readonly appendedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly callsPerSecond: number;
  /** How full the calls of this stretch were; null: there were none. */
  readonly entriesPerCall: number | null;
  /** How long a call takes: calls in flight ÷ calls a second. Null: too few to say. */
  readonly callSeconds: number | null;
  /** When the last call was seen to begin; null: none began while this console looked. */
  readonly lastCallMs: number | null;
}

export interface RateBook {
  /** Null: the connection has not been watched for long enough. */
  of(connectionId: string): Rates | null;
  /** Connections that are not among these are forgotten. */
  add(views: readonly ConnectionView[]): void;
  clear(): void;
}

const WINDOW_MS = 30_000;
const SAMPLES_MAX = 32;

type Sample = Pick<ConnectionView, 'nowMs' | 'appended' | 'delivered' | 'calls' | 'callEntries' | 'leases'> & {
  readonly lastCallMs: number | null;
  /** No call could begin. */
  readonly isBlocked: boolean;
};

const BLOCKED: readonly ConnectionView['state'][] = ['paused', 'held', 'breaker'];

/** Fewer calls say nothing of how long one takes. */
const CALLS_MIN = 20;
/** Samples in which calls in flight were seen; of fewer the mean says nothing. */
const LOOKS_MIN = 5;

export function createRateBook(): RateBook {
  let samples = new Map<string, readonly Sample[]>();
  return {
    of: (connectionId) => ratesOf(samples.get(connectionId) ?? []),
    add: (views) => {
      samples = new Map(
        views.map((view) => {
          const { connectionId, nowMs, appended, delivered, calls, callEntries, leases } = view;
          const before = samples.get(connectionId) ?? [];
          const last = before.at(-1);
          const isBlocked = BLOCKED.includes(view.state);
          // Of what goes on just now, the time in which it might not says nothing.
          const goesOn = last?.isBlocked === true && !isBlocked;
          const kept = goesOn ? [] : before.filter((sample) => sample.nowMs > nowMs - WINDOW_MS);
          const lastCallMs = last !== undefined && calls > last.calls ? nowMs : (last?.lastCallMs ?? null);
          const sample = { nowMs, appended, delivered, calls, callEntries, leases, lastCallMs, isBlocked };
          return [connectionId, [...kept, sample].slice(-SAMPLES_MAX)];
        }),
      );
    },
    clear: () => samples.clear(),
  };
}

/** Between the first and the last sample. */
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
    lastCallMs: last!.lastCallMs,
  };
}
