/* Tells of each call once: its series, and a log line that is a warning when not everything was delivered. */
import { decodeEntry, type Reply } from '@sluice/core';
import type { CallStatus, Logger, Metrics } from '@sluice/telemetry';
import type { Delivery } from './deliver-batch.ts';
import { observeOddResults } from './observe-odd-results.ts';
import type { Tally } from './tally-connections.ts';

export interface ObserveParts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tally: Pick<Tally, 'add'>;
  /** The wall clock. */
  readonly clock: () => number;
}

export function observeDelivery({ metrics, logger, tally, clock }: ObserveParts) {
  const observeOdd = observeOddResults({ metrics, logger });
  return (delivery: Delivery): void => {
    const { connectionId, lease, reply, outcome, settlement, result } = delivery;
    if (reply !== null && wasMade(reply)) {
      const seconds = reply.durationMs / 1000;
      metrics.callEnded({ connection: connectionId, status: statusOf(reply), entries: lease.entries.length, seconds });
    }
    tally.add(delivery);
    if (result.status === 'stale') metrics.settleFoundStale();
    if (result.status === 'settled') countWaits(delivery, clock(), metrics);
    const delivered = settlement.entries.filter((entry) => entry.kind === 'ack').length;
    const requestId = reply?.kind === 'answered' ? reply.headers.requestId : null;
    observeOdd(connectionId, outcome, requestId);
    const line = {
      connection: connectionId,
      lease: lease.leaseId,
      entries: lease.entries.length,
      delivered,
      status: reply === null ? 'none' : reply.kind === 'answered' ? reply.status : reply.code,
      requestId,
      settled: result.status,
      ms: Math.round(reply?.durationMs ?? 0),
    };
    if (delivered === lease.entries.length && result.status !== 'stale') logger.debug(line, 'call delivered');
    else logger.warn({ ...line, reason: outcome.call.reason }, 'call not wholly delivered');
  };
}

/** A call that its own worker gave up before it was written is none. */
function wasMade(reply: Reply): boolean {
  return !(reply.kind === 'failed' && reply.code === 'lease');
}

function countWaits({ connectionId, lease, settlement }: Delivery, now: number, metrics: Metrics): void {
  lease.entries.forEach((entry, i) => {
    const acceptedMs = settlement.entries[i]?.kind === 'ack' ? decodeEntry(entry)?.acceptedMs : undefined;
    if (acceptedMs !== undefined) metrics.entryDelivered(connectionId, Math.max(0, now - acceptedMs) / 1000);
  });
}

export function statusOf(reply: Reply): CallStatus {
  if (reply.kind === 'answered') return reply.status;
  if (reply.code === 'timeout') return 'timeout';
  return reply.certainty === 'not-sent' ? 'refused' : 'reset';
}
