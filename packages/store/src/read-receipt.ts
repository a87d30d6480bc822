import type { ReceiptEntry, ReceiptView } from '@sluice/core';
import { pairs } from './read-connection.ts';

export function readReceipt(receiptId: string, reply: unknown): ReceiptView | null {
  const [list, inFlight, retrying, retryAtMs] = reply as readonly [readonly string[], number, number, number | string];
  const fields = pairs(list);
  const connectionId = fields.get('connection');
  if (connectionId === undefined) return null;
  const count = (field: string) => Number(fields.get(field) ?? 0);
  const left = count('left');
  const complete = fields.has('complete');
  return {
    receiptId,
    connectionId,
    acceptedMs: count('at'),
    final: complete && left <= 0,
    complete,
    lastLine: count('lines'),
    retrying: retrying === 0 ? null : { entries: retrying, fromMs: Number(retryAtMs) },
    counts: {
      pending: Math.max(0, left - inFlight),
      inFlight,
      delivered: count('delivered'),
      dead: count('dead'),
      parked: count('parked'),
      discarded: count('discarded'),
      erased: count('erased'),
      expired: count('expired'),
      rejected: count('rejected'),
      duplicates: count('duplicates'),
    },
    entries: entriesOf(fields),
    entriesTotal: count('rejected') + count('dead') + count('parked'),
  };
}

interface Reason {
  readonly code: string;
  readonly message: string;
  readonly requestId?: string | null;
  readonly pointer?: string;
}

function entriesOf(fields: ReadonlyMap<string, string>): ReceiptEntry[] {
  const entries: ReceiptEntry[] = [];
  for (const [field, text] of fields) {
    if (!field.startsWith('e:')) continue;
    const [state, index, itemId, attempts, reasonText] = JSON.parse(text) as [
      string,
      number,
      string | null,
      number,
      string,
    ];
    const reason = JSON.parse(reasonText) as Reason;
    entries.push({
      index,
      state: state as ReceiptEntry['state'],
      itemId,
      code: reason.code,
      message: reason.message,
      requestId: reason.requestId ?? null,
      attempts,
      pointer: reason.pointer ?? null,
    });
  }
  return entries.sort((a, b) => a.index - b.index);
}
