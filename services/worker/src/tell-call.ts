/* What operators are shown of a call. Nothing of what was sent is in it: an item, Graph's answer and its request-id. */
import type { Lease, Outcome, Reply, Settlement, ToldCall } from '@sluice/core';

export function tellCall(lease: Lease, reply: Reply, outcome: Outcome, settlement: Settlement): ToldCall {
  const delivered = settlement.entries.every((entry) => entry.kind === 'ack');
  return {
    itemId: lease.itemId,
    status: reply.kind === 'answered' ? String(reply.status) : reply.code,
    requestId: reply.kind === 'answered' ? reply.headers.requestId : null,
    reason: delivered ? '' : outcome.call.reason,
    durationMs: Math.round(reply.durationMs),
  };
}
