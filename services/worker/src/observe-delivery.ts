/* Tells of each call once: its series, and a log line that is a warning when not everything was delivered. */
import { decodeEntry } from '@sluice/core';
import type { CallStatus, Logger, Metrics } from '@sluice/telemetry';
import type { Delivery } from './deliver-batch.ts';

export function observeDelivery({ metrics, logger, clock }: { metrics: Metrics; logger: Logger; clock: () => number }) {
  return ({ connectionId, lease, reply, settlement, result }: Delivery): void => {
    const seconds = reply.durationMs / 1000;
    const notSent = reply.kind === 'failed' && reply.certainty === 'not-sent' && reply.code === 'lease';
    if (!notSent)
      metrics.callEnded({ connection: connectionId, status: statusOf(reply), entries: lease.entries.length, seconds });
    if (result.status === 'stale') metrics.settleFoundStale();
    const delivered = settlement.entries.filter((entry) => entry.kind === 'ack').length;
    if (result.status === 'settled') {
      const now = clock();
      lease.entries.forEach((entry, i) => {
        if (settlement.entries[i]?.kind !== 'ack') return;
        metrics.entryDelivered(connectionId, Math.max(0, now - (decodeEntry(entry)?.acceptedMs ?? now)) / 1000);
      });
    }
    const line = {
      connection: connectionId,
      lease: lease.leaseId,
      entries: lease.entries.length,
      delivered,
      status: reply.kind === 'answered' ? reply.status : reply.code,
      requestId: reply.kind === 'answered' ? reply.headers.requestId : null,
      settled: result.status,
      ms: Math.round(reply.durationMs),
    };
    if (delivered === lease.entries.length && result.status !== 'stale') logger.debug(line, 'call delivered');
    else logger.warn({ ...line, ...reasonOf(settlement.entries) }, 'call not wholly delivered');
  };
}

function statusOf(reply: Delivery['reply']): CallStatus {
  if (reply.kind === 'answered') return reply.status;
  if (reply.code === 'timeout') return 'timeout';
  return reply.certainty === 'not-sent' ? 'refused' : 'reset';
}

function reasonOf(entries: Delivery['settlement']['entries']): { readonly code?: string } {
  for (const entry of entries) {
    if (entry.kind === 'deadLetter' || entry.kind === 'park') return { code: entry.code };
  }
  return {};
}
