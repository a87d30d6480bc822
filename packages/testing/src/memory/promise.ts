/*
  The promise: by when somebody must call take for a connection. append and settle lower it and say so, take sets it to the
  next moment anything can change, sweep finds the overdue ones. A paused connection has none.
*/
import type { TakeRefusal } from '@sluice/core';
import type { Connection, Now, State } from './state.ts';

/** A worker that took a lease looks again within this time, or is dead. */
export const RUNNING_MS = 700;
const SWEPT_MAX = 100;
/** What take says no to until a known time, whatever is appended meanwhile. */
const GATES: ReadonlySet<TakeRefusal['reason']> = new Set(['closed', 'quota', 'inflight', 'held', 'breaker']);

/** Answers the time when it was lowered: then somebody has to be woken. null: somebody already promised to come by then. */
export function lowerPromise(connection: Connection, wantedMs: number): number | null {
  if (connection.pausedSinceMs !== null) return null;
  const atMs = Math.max(wantedMs, connection.gateMs);
  if (connection.promiseMs !== null && connection.promiseMs <= atMs) return null;
  connection.promiseMs = atMs;
  return atMs;
}

export function promiseAfterLease(connection: Connection, now: Now): void {
  connection.promiseMs = now.ms + RUNNING_MS;
  connection.gateMs = now.ms + RUNNING_MS;
}

export function promiseAfterRefusal(
  connection: Connection,
  { reason, untilMs }: Pick<TakeRefusal, 'reason' | 'untilMs'>,
): void {
  connection.promiseMs = untilMs;
  connection.gateMs = untilMs !== null && GATES.has(reason) ? untilMs : 0;
}

export function removePromise(connection: Connection): void {
  connection.promiseMs = null;
  connection.gateMs = 0;
}

export function sweepPromises(
  state: State,
  { lateMs, notWithinMs }: { readonly lateMs: number; readonly notWithinMs: number },
  now: Now,
): readonly string[] {
  if (state.lastSweepMs !== null && now.ms - state.lastSweepMs < notWithinMs) return [];
  state.lastSweepMs = now.ms;
  const overdue = [...state.connections.values()]
    .filter(({ promiseMs }) => promiseMs !== null && promiseMs <= now.ms - lateMs)
    .sort((a, b) => a.promiseMs! - b.promiseMs! || (a.id < b.id ? -1 : 1))
    .slice(0, SWEPT_MAX);
  for (const connection of overdue) connection.promiseMs = now.ms + RUNNING_MS;
  return overdue.map(({ id }) => id);
}
