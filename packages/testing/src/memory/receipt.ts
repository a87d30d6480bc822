/* Receipts: opened by append, kept up to date by whatever ends an entry, read with their counts. */
import {
  type AppendPiece,
  RECEIPT_ENTRIES_MAX,
  RECEIPT_REF_LENGTH,
  type ReceiptEntry,
  type ReceiptView,
  type SettledEntry,
  type SettledReason,
} from '@sluice/core';
import { readColumns } from './columns.ts';
import type { Now, Receipt, State } from './state.ts';

/** The piece goes into its request's receipt; the first one opens it. */
export function openReceipt(
  state: State,
  piece: AppendPiece,
  found: { readonly appended: number; readonly duplicates: number },
  now: Now,
): void {
  const { receiptId } = piece;
  if (receiptId === null) return;
  const receipt = state.receipts.get(refOf(receiptId)) ?? emptyReceipt(receiptId, piece, now);
  state.receipts.set(refOf(receiptId), receipt);
  pushOutOldest(state, piece.receiptsMax);
  receipt.appended += found.appended;
  receipt.complete ||= piece.last;
  const { lastLine = 0 } = piece;
  if (lastLine === 0 || lastLine > receipt.lastLine) countRefused(receipt, piece, found.duplicates);
  receipt.lastLine = Math.max(receipt.lastLine, lastLine);
  expireWhenFinal(receipt, piece.receiptTtlMs, now);
}

function countRefused(receipt: Receipt, piece: AppendPiece, duplicates: number): void {
  receipt.duplicates += duplicates + (piece.duplicates ?? 0);
  receipt.rejected += piece.rejected;
  for (const { index, pointer, code, message } of piece.rejectedEntries) {
    list(receipt, { index, state: 'rejected', itemId: null, code, message, requestId: null, attempts: 0, pointer });
  }
}

export function countDelivered(state: State, entry: string, now: Now): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  receipt.delivered += 1;
  expireWhenFinal(receipt, receipt.ttlMs, now);
}

/** An entry that was too old for a call. */
export function countExpired(state: State, entry: string, now: Now): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  receipt.expired += 1;
  expireWhenFinal(receipt, receipt.ttlMs, now);
}

/** An entry that had no end yet when its performer was erased. */
export function countErased(state: State, entry: string, now: Now): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  receipt.erased += 1;
  expireWhenFinal(receipt, receipt.ttlMs, now);
}

/** An entry that waited when an operator discarded it. */
export function countDiscarded(state: State, entry: string, now: Now): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  receipt.discarded += 1;
  expireWhenFinal(receipt, receipt.ttlMs, now);
}

/** An entry that ended as a dead letter or parked. */
export function listEnded(
  state: State,
  { entry, itemId, end, reason }: { entry: string; itemId: string; end: 'dead' | 'parked'; reason: SettledReason },
  now: Now,
): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  const { index, attempts } = readColumns(entry);
  const { code, message, requestId } = reason;
  receipt[end] += 1;
  list(receipt, { index, state: end, itemId, code, message, requestId, attempts, pointer: null });
  expireWhenFinal(receipt, receipt.ttlMs, now);
}

/** An ended entry that is pending again, or removed for good. */
export function unlistEnded(
  state: State,
  { entry, state: end }: SettledEntry,
  action: 'replay' | 'discard' | 'erase',
): void {
  const receipt = receiptOf(state, entry);
  if (receipt === null) return;
  const { index } = readColumns(entry);
  receipt[end] -= 1;
  receipt.entries = receipt.entries.filter((listed) => listed.index !== index);
  if (action === 'discard') receipt.discarded += 1;
  else if (action === 'erase') receipt.erased += 1;
  else receipt.expiresMs = null;
}

export function viewReceipt(state: State, receiptId: string, now: Now): ReceiptView | null {
  const receipt = state.receipts.get(refOf(receiptId));
  if (receipt === undefined || receipt.id !== receiptId) return null;
  if (receipt.expiresMs !== null && receipt.expiresMs <= now.ms) return null;
  const { connectionId, acceptedMs, complete, lastLine, delivered, dead, parked, rejected } = receipt;
  const { discarded, erased, expired, duplicates } = receipt;
  const inFlight = countLeased(state, receipt);
  const pending = unended(receipt) - inFlight;
  return {
    receiptId,
    connectionId,
    acceptedMs,
    final: isFinal(receipt),
    complete,
    lastLine,
    retrying: findRetrying(state, receipt, now),
    counts: {
      pending,
      inFlight,
      delivered,
      dead,
      parked,
      discarded,
      erased,
      expired,
      rejected,
      duplicates,
    },
    entries: receipt.entries.toSorted((a, b) => a.index - b.index),
    // More can end than is listed, so the total follows the counts.
    entriesTotal: rejected + dead + parked,
  };
}

/** Of entries that wait for the time of a retry. */
function findRetrying(state: State, receipt: Receipt, now: Now): ReceiptView['retrying'] {
  const groups = (state.connections.get(receipt.connectionId)?.groups ?? [])
    .filter(({ dueMs }) => dueMs > now.ms)
    .map(({ dueMs, entries }) => ({ dueMs, count: entries.filter((one) => receiptOf(state, one) === receipt).length }))
    .filter(({ count }) => count > 0);
  if (groups.length === 0) return null;
  const entries = groups.reduce((sum, { count }) => sum + count, 0);
  return { entries, fromMs: Math.min(...groups.map(({ dueMs }) => dueMs)) };
}

function countLeased(state: State, receipt: Receipt): number {
  const leases = [...(state.connections.get(receipt.connectionId)?.leases.values() ?? [])];
  const entries = leases.flatMap((lease) => lease.entries);
  return entries.filter((entry) => receiptOf(state, entry) === receipt).length;
}

/** Of receipts of the same millisecond the first by id. */
function pushOutOldest({ receipts }: State, receiptsMax: number): void {
  const age = ([ref, { acceptedMs }]: [string, Receipt]) => `${acceptedMs} ${ref}`;
  const oldestFirst = [...receipts].sort((a, b) => (age(a) < age(b) ? -1 : 1));
  for (const [ref] of oldestFirst.slice(0, Math.max(0, receipts.size - receiptsMax))) receipts.delete(ref);
}

function emptyReceipt(id: string, { connectionId, receiptTtlMs }: AppendPiece, now: Now): Receipt {
  const ended = { delivered: 0, dead: 0, parked: 0, discarded: 0, erased: 0, expired: 0 };
  const none = { appended: 0, rejected: 0, duplicates: 0, ...ended };
  const ends = { complete: false, lastLine: 0, expiresMs: null, ttlMs: receiptTtlMs };
  return { id, connectionId, acceptedMs: now.ms, ...none, entries: [], ...ends };
}

function receiptOf(state: State, entry: string): Receipt | null {
  const { receiptRef } = readColumns(entry);
  return receiptRef === null ? null : (state.receipts.get(receiptRef) ?? null);
}

/** Entries know their receipt without its shard: by the end of its id. */
function refOf(receiptId: string): string {
  return receiptId.slice(-RECEIPT_REF_LENGTH);
}

function list(receipt: Receipt, entry: ReceiptEntry): void {
  if (receipt.entries.length < RECEIPT_ENTRIES_MAX) receipt.entries = [...receipt.entries, entry];
}

function unended({ appended, delivered, dead, parked, discarded, erased, expired }: Receipt): number {
  return appended - delivered - dead - parked - discarded - erased - expired;
}

function isFinal(receipt: Receipt): boolean {
  return receipt.complete && unended(receipt) === 0;
}

function expireWhenFinal(receipt: Receipt, ttlMs: number, now: Now): void {
  receipt.ttlMs = ttlMs;
  if (isFinal(receipt)) receipt.expiresMs ??= now.ms + ttlMs;
}
