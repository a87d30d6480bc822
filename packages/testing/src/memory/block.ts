/* A connection stopped by us (held, breaker) or by an operator (paused). */
import type { Block } from '@sluice/core';
import { keepAwakeMs } from './awake-clock.ts';
import { removePromise } from './promise.ts';
import { type Connection, type Now, pendingOf } from './state.ts';

/** A block on top of a block is the same stop, with a new reason and a new time for its probe. */
export function beginBlock(connection: Connection, block: Block, now: Now): void {
  const { sinceMs = now.ms, probes = 0, probeLeaseId = null, gone = false } = connection.block ?? {};
  connection.block = { ...block, sinceMs, probeAtMs: now.ms + block.probeEveryMs, probes, probeLeaseId, gone };
}

export function endBlock(connection: Connection, now: Now): void {
  keepAwakeMs(connection, now, () => {
    const { pausedSinceMs, block } = connection;
    // A stop that goes on as a pause is still the same stop.
    if (pausedSinceMs !== null && block !== null) connection.pausedSinceMs = Math.min(pausedSinceMs, block.sinceMs);
    connection.block = null;
  });
  connection.gateMs = 0;
}

export function pauseConnection(connection: Connection, now: Now): void {
  connection.pausedSinceMs ??= now.ms;
  removePromise(connection);
}

/** An operator wants to see it run: it is looked at now, whatever was promised. */
export function resumeConnection(connection: Connection, now: Now): number | null {
  keepAwakeMs(connection, now, () => {
    connection.pausedSinceMs = null;
  });
  endBlock(connection, now);
  connection.failedInARow = 0;
  if (pendingOf(connection) === 0) return null;
  connection.promiseMs = now.ms;
  return now.ms;
}
