/*
  deliver, when traces are on: a span for each call, as a part of the trace of the first request whose entries it carries and
  linked to all of them. Which those are is read by the receipts that the entries carry; a call does not wait long for that.
*/
import { type ActivityStore, decodeEntry, type Lease } from '@sluice/core';
import type { EndedCall, Tracing } from '@sluice/telemetry';
import type { DeliverParts } from './deliver-batch.ts';
import { statusOf } from './observe-delivery.ts';

/** A Redis that is slow costs links, not calls. */
const ORIGINS_MS_MAX = 100;

/** Parts that do the same, and trace it. Without traces they are the same. */
export function traceCalls(
  tracing: Tracing,
  store: Pick<ActivityStore, 'tracesOf'>,
): (parts: DeliverParts) => DeliverParts {
  if (tracing === null) return (parts) => parts;
  const ends = new WeakMap<Lease, (ended: EndedCall) => void>();
  return (parts) => ({
    ...parts,
    send: async (connectionId, lease, entries) => {
      const origins = await originsOf(connectionId, lease, store);
      const call = { connection: connectionId, leaseId: lease.leaseId, entries: lease.entries.length, origins };
      ends.set(lease, tracing.beginCall(call));
      return parts.send(connectionId, lease, entries);
    },
    observe: (delivery) => {
      parts.observe(delivery);
      const { lease, reply, settlement, outcome } = delivery;
      const delivered = settlement.entries.filter(({ kind }) => kind === 'ack').length;
      ends.get(lease)?.({
        status: reply === null ? null : statusOf(reply),
        delivered,
        requestId: reply?.kind === 'answered' ? reply.headers.requestId : null,
        ms: reply?.durationMs ?? 0,
        reason: delivered === lease.entries.length ? null : outcome.call.reason,
      });
    },
  });
}

async function originsOf(
  connectionId: string,
  { entries }: Lease,
  store: Pick<ActivityStore, 'tracesOf'>,
): Promise<readonly string[]> {
  const refs = new Set(entries.map((entry) => decodeEntry(entry)?.receiptRef ?? null).filter((ref) => ref !== null));
  const { promise: late, resolve } = Promise.withResolvers<readonly (string | null)[]>();
  const timer = setTimeout(() => resolve([]), ORIGINS_MS_MAX);
  try {
    const traces = await Promise.race([store.tracesOf(connectionId, [...refs]), late]);
    return [...new Set(traces)].filter((trace) => trace !== null);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
