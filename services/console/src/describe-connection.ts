/* A connection as operators see it: counts, state in words, rates, quota, and when it will be empty. */
import { type ConnectionView, formatInstant } from '@sluice/core';
import type { Rates } from './watch-rates.ts';

export function describeConnection(view: ConnectionView, rates: Rates | null) {
  const { connectionId, state, pending, leased, leases, delayed, oldestAcceptedMs, bucket } = view;
  const { appended, delivered, retried, dead, parked, replayed, unknown, staleSettles } = view;
  const drain = estimateDrain(view, rates);
  return {
    connectionId,
    state,
    stateText: stateText(view),
    pending,
    inFlight: leased,
    callsInFlight: leases,
    delayed,
    oldestPendingAt: oldestAcceptedMs === null ? null : formatInstant(oldestAcceptedMs),
    deadLetters: view.deadLetters,
    parkedEntries: view.parkedEntries,
    appended,
    delivered,
    retried,
    dead,
    parked,
    replayed,
    removed: { pending: view.expired, dead: view.discardedDead, parked: view.discardedParked },
    expired: view.expired,
    unknown,
    staleSettles,
    rates:
      rates === null
        ? null
        : {
            appendedPerSecond: round(rates.appendedPerSecond),
            deliveredPerSecond: round(rates.deliveredPerSecond),
          },
    quota:
      bucket === null
        ? null
        : {
            callsPerSecond: round(1e6 / bucket.intervalUs),
            closedUntil: bucket.closedUntilMs > view.nowMs ? formatInstant(bucket.closedUntilMs) : null,
            refusedInARow: bucket.refusedInARow,
          },
    timeToDrainSeconds: drain.seconds,
    timeToDrain: drain.text,
  };
}

function stateText({ state, reason, bucket, pending }: ConnectionView): string {
  switch (state) {
    case 'paused':
      return 'An operator paused it; resume lets it go on.';
    case 'held':
      return `Held: ${reason ?? 'the cause is not known'}. It is tried now and then; resume tries at once.`;
    case 'breaker':
      return `Calls failed one after another (${reason ?? 'the cause is not known'}). It is tried now and then.`;
    case 'closed':
      return `Graph asked for no calls until ${formatInstant(bucket?.closedUntilMs ?? 0)}.`;
    case 'flowing':
      return `${pending} ${pending === 1 ? 'activity is' : 'activities are'} on the way.`;
    case 'idle':
      return 'Nothing is waiting.';
    default:
      return state satisfies never;
  }
}

function estimateDrain(
  { pending, state }: ConnectionView,
  rates: Rates | null,
): { readonly seconds: number | null; readonly text: string } {
  if (pending === 0) return { seconds: 0, text: 'empty' };
  if (state === 'paused' || state === 'held') return { seconds: null, text: `never while it is ${state}` };
  if (rates === null) return { seconds: null, text: 'not known yet' };
  const perSecond = rates.deliveredPerSecond - rates.appendedPerSecond;
  if (perSecond <= 0) return { seconds: null, text: 'never at this rate' };
  const seconds = Math.ceil(pending / perSecond);
  return { seconds, text: inWords(seconds) };
}

function inWords(seconds: number): string {
  if (seconds < 120) return `about ${seconds} s`;
  if (seconds < 7200) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
