import { inspect } from 'node:util';
import { ACTIVITY_START_MS } from '../builders.ts';
import { readColumns } from '../memory/columns.ts';
import type { Operation } from './operations.ts';

/** One line for people: an entry is its type's letter and its start, counted from the builders' start. */
export function describeOperation(operation: Operation): string {
  if (operation.op !== 'append') return describeValue(operation);
  const { connectionId, sequence, receiptId, rejected, last, groups, key } = operation.piece;
  const items = groups.map(({ itemId, entries }) => `${itemId}: ${entries.map(describeEntry).join(' ')}`);
  const receipt = receiptId === null ? 'no receipt' : `${receiptId}${rejected > 0 ? `, ${rejected} rejected` : ''}`;
  const keyed = key === undefined ? '' : `, key ${key.id} ${key.fingerprint} ${key.owner} ${key.nth}`;
  return `append ${connectionId} #${sequence} (${receipt}${last ? ', last' : ''}${keyed}) { ${items.join(' | ')} }`;
}

export function describeValue(value: unknown): string {
  return inspect(value, { depth: 9, breakLength: Number.POSITIVE_INFINITY, compact: true, maxArrayLength: 30 });
}

function describeEntry(entry: string): string {
  const { type, startMs } = readColumns(entry).activity;
  return `${type[0]}${startMs - ACTIVITY_START_MS}`;
}
