/* A connection as operators see it: counts, state in words, rates, quota, and when it will be empty. */
import { type ConnectionView, formatInstant } from '@sluice/core';
import type { Rates } from './live/rate-book.ts';
import type { ShownConnection } from './words/shown.ts';
import { stateWords, type Urgency } from './words/state-words.ts';

/** As far back as rates look. */
const CLOSED_LONG_MS = 30_000;

/** What the configuration says of a connection; null: it does not name it. */
export interface ConnectionFacts {
  readonly tenant: string;
  readonly inFlightMax: number;
  /** Of the limit above its tenant's connections; null: none is in force. */
  readonly tenantCallsPerSecond: number | null;
}

export interface DescribedConnection extends ShownConnection {
  /** As of this answer: whether somebody must act, what the state is, and what to do. */
  readonly urgency: Urgency;
  readonly stateText: string;
  readonly remedy: string | null;
}

export function describeConnection(
  view: ConnectionView,
  rates: Rates | null,
  facts: ConnectionFacts | null,
  workers: number | null,
): DescribedConnection {
  const shown = showConnection(view, rates, facts);
  const { urgency, text, remedy } = stateWords(shown, view.nowMs, workers);
  return { ...shown, urgency, stateText: text, remedy };
}

/** Only what does not change as time passes. */
export function showConnection(
  view: ConnectionView,
  rates: Rates | null,
  facts: ConnectionFacts | null,
): ShownConnection {
  const { connectionId, state, reason, pending, leased, leases, delayed, bucket } = view;
  const { appended, duplicates, delivered, retried, dead, parked, replayed, unknown, staleSettles } = view;
  const drain = estimateDrain(view, rates);
  return {
    connectionId,
    tenant: facts?.tenant ?? null,
    state,
    reason,
    blockedSince: instantOf(view.blockedSinceMs),
    pending,
    inFlight: leased,
    callsInFlight: leases,
    callsInFlightMax: view.inFlightLimit ?? facts?.inFlightMax ?? 0,
    delayed,
    oldestPendingAt: instantOf(view.oldestAcceptedMs),
    deadLetters: view.deadLetters,
    parkedEntries: view.parkedEntries,
    appended,
    duplicates,
    delivered,
    retried,
    dead,
    parked,
    replayed,
    removed: {
      pending: view.expired + view.erasedPending + view.discardedPending,
      dead: view.discardedDead + view.erasedDead,
      parked: view.discardedParked + view.erasedParked,
    },
    expired: view.expired,
    unknown,
    staleSettles,
    rates: rates === null ? null : roundAll(rates),
    lastCallSeenAt: instantOf(rates?.lastCallMs ?? null),
    quota:
      bucket === null
        ? null
        : {
            callsPerSecond: round(1e6 / bucket.intervalUs),
            closedUntil: bucket.closedUntilMs > view.nowMs ? formatInstant(bucket.closedUntilMs) : null,
            lastClosedUntil: bucket.closedUntilMs > 0 ? formatInstant(bucket.closedUntilMs) : null,
            refusedInARow: bucket.refusedInARow,
          },
    tenantCallsPerSecond: facts?.tenantCallsPerSecond == null ? null : round(facts.tenantCallsPerSecond),
    timeToDrainSeconds: drain.seconds,
    timeToDrain: drain.text,
  };
}

function estimateDrain(
  { pending, state, bucket, nowMs }: ConnectionView,
  rates: Rates | null,
): { readonly seconds: number | null; readonly text: string } {
  if (pending === 0) return { seconds: 0, text: 'empty' };
  if (state === 'paused' || state === 'held') return { seconds: null, text: `never while it is ${state}` };
  if (rates === null) return { seconds: null, text: 'not known yet' };
  // Rates say what was before: of what is closed for longer than they look back they say nothing.
  if (state === 'closed' && bucket !== null && bucket.closedUntilMs - nowMs > CLOSED_LONG_MS) {
    return { seconds: null, text: 'not known while it is closed' };
  }
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

function roundAll(rates: Rates): NonNullable<ShownConnection['rates']> {
  return {
    appendedPerSecond: round(rates.appendedPerSecond),
    deliveredPerSecond: round(rates.deliveredPerSecond),
    callsPerSecond: round(rates.callsPerSecond),
    fill: rates.entriesPerCall === null ? null : round(rates.entriesPerCall),
  };
}

function instantOf(ms: number | null): string | null {
  return ms === null ? null : formatInstant(ms);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
