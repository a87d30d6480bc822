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
  const { receiptId, connectionId, acceptedMs, final, counts, entries, entriesTotal, lastLine } = receipt;
  return {
    receiptId,
    connectionId,
    acceptedAt: formatInstant(acceptedMs),
    final,
    // A request that broke off before its end: what of it was stored is in the counts, what was not is nobody's.
    ...(receipt.complete ? {} : { complete: false }),
    ...(lastLine > 0 && { lastLine }),
    counts,
    waitingFor: connection === null || counts.pending === 0 ? [] : describeWaiting(receipt, connection, lingerMs),
    entries: entries.map(({ pointer, ...entry }) => (pointer === null ? entry : { ...entry, pointer })),
    entriesTotal,
  };
}

/** What stops the whole connection stops every entry; else those that wait for a retry apart from the others. */
function describeWaiting(receipt: ReceiptView, connection: ConnectionView, lingerMs: number): readonly Waiting[] {
  const { pending } = receipt.counts;
  const stopped = describeStop(connection);
  if (stopped !== null) return [{ ...stopped, entries: pending }];
  const retrying = Math.min(pending, receipt.retrying?.entries ?? 0);
  const others = pending - retrying;
  const waiting: Waiting[] = [];
  if (others > 0) waiting.push({ ...describeTurn(receipt, connection, lingerMs), entries: others });
  if (retrying > 0) {
    const detail = 'Graph did not take them, or did not answer, the last time; the first of them goes again then.';
    waiting.push({ reason: 'retry', entries: retrying, until: formatInstant(receipt.retrying!.fromMs), detail });
  }
  return waiting;
}

type Why = Omit<Waiting, 'entries'>;

function describeStop({ state, reason }: ConnectionView): Why | null {
  switch (state) {
    case 'paused':
      return { reason: 'paused', until: null, detail: reason ?? 'An operator paused the connection.' };
    case 'held':
      return { reason: 'held', until: null, detail: reason ?? 'The connection is held.' };
    case 'breaker':
      return { reason: 'breaker', until: null, detail: reason ?? 'Calls failed one after another.' };
    default:
      return null;
  }
}

function describeTurn(receipt: ReceiptView, connection: ConnectionView, lingerMs: number): Why {
  const { bucket, nowMs, pending } = connection;
  const closedUntilMs = bucket?.closedUntilMs ?? 0;
  if (closedUntilMs > nowMs) {
    return { reason: 'quota', until: formatInstant(closedUntilMs), detail: 'Graph asked for no calls until then.' };
  }
  const lingersUntilMs = receipt.acceptedMs + lingerMs;
  if (lingersUntilMs > nowMs) {
    const detail = 'Waits for more activities on the same items.';
    return { reason: 'linger', until: formatInstant(lingersUntilMs), detail };
  }
  const backlog = pending === 1 ? '1 activity waits' : `${pending} activities wait`;
  const rate = bucket === null ? '' : `, and about ${ratePerSecond(bucket.intervalUs)} calls a second are made`;
  return {
    reason: 'turn',
    until: null,
    detail: `${backlog} in this connection${rate}; the fullest and oldest go first.`,
  };
}

function ratePerSecond(intervalUs: number): string {
  const rate = 1e6 / intervalUs;
  return rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2);
}
