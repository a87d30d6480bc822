/* A receipt as callers see it: the counts, what the waiting entries wait for, and the entries that need a look. */
import { type ConnectionView, formatInstant, type ReceiptView } from '@sluice/core';

export interface Waiting {
  readonly reason: 'linger' | 'turn' | 'quota' | 'retry' | 'paused' | 'held' | 'breaker';
  readonly entries: number;
  readonly until: string | null;
  readonly detail: string;
}

/** `connection` null: it is not known what the entries wait for. */
export function describeReceipt(receipt: ReceiptView, connection: ConnectionView | null, lingerMs: number) {
  const { receiptId, connectionId, acceptedMs, final, counts, entries, entriesTotal } = receipt;
  return {
    receiptId,
    connectionId,
    acceptedAt: formatInstant(acceptedMs),
    final,
    // A request that broke off before its end: what of it was stored is in the counts, what was not is nobody's.
    ...(receipt.complete ? {} : { complete: false }),
    counts,
    waitingFor: connection === null || counts.pending === 0 ? [] : [describeWaiting(receipt, connection, lingerMs)],
    entries: entries.map(({ pointer, ...entry }) => (pointer === null ? entry : { ...entry, pointer })),
    entriesTotal,
  };
}

function describeWaiting(receipt: ReceiptView, connection: ConnectionView, lingerMs: number): Waiting {
  const entries = receipt.counts.pending;
  const { state, reason } = connection;
  if (state === 'paused')
    return { reason: 'paused', entries, until: null, detail: reason ?? 'An operator paused the connection.' };
  if (state === 'held') return { reason: 'held', entries, until: null, detail: reason ?? 'The connection is held.' };
  if (state === 'breaker')
    return { reason: 'breaker', entries, until: null, detail: reason ?? 'Calls failed one after another.' };
  const closedUntilMs = connection.bucket?.closedUntilMs ?? 0;
  if (closedUntilMs > connection.nowMs) {
    return {
      reason: 'quota',
      entries,
      until: formatInstant(closedUntilMs),
      detail: 'Graph asked for no calls until then.',
    };
  }
  const lingersUntilMs = receipt.acceptedMs + lingerMs;
  if (lingersUntilMs > connection.nowMs) {
    return {
      reason: 'linger',
      entries,
      until: formatInstant(lingersUntilMs),
      detail: 'Waits for more activities on the same items.',
    };
  }
  return {
    reason: 'turn',
    entries,
    until: null,
    detail: 'Waits for its turn; fuller and older calls go first, retries at their time.',
  };
}
