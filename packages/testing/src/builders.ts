/* What a test does not care about gets a plain value; what it cares about it names. */
import {
  type Activity,
  type AppendPiece,
  type CallSettlement,
  type EntrySettlement,
  encodeEntry,
  type SettledReason,
  type Settlement,
  type SettleRequest,
  type TakeRequest,
} from '@sluice/core';

export const CONNECTION = 'hr';
export const TENANT = 'contoso';
/** 2026-01-01T00:00:00.000Z */
export const ACTIVITY_START_MS = 1_767_225_600_000;
export const PERFORMER_ID = '4b9b7f0c-5f2a-4a39-9c1e-0d8a5d3e7a11';

export function makeActivity(parts: Partial<Activity> = {}): Activity {
  return { type: 'viewed', startMs: ACTIVITY_START_MS, performedBy: { type: 'user', id: PERFORMER_ID }, ...parts };
}

export interface EntryParts extends Partial<Activity> {
  readonly index?: number;
  readonly receiptRef?: string | null;
}

/** An entry as the intake encodes it, `accepted` unset. Without a startMs of its own it differs from its neighbours by its index. */
export function makeEntry({ index = 0, receiptRef = null, ...activity }: EntryParts = {}): string {
  return encodeEntry(makeActivity({ startMs: ACTIVITY_START_MS + index, ...activity }), index, receiptRef);
}

/** Entries with the indices from `from` on, no two with the same pair. */
export function makeEntries(
  count: number,
  { from = 0, ...parts }: EntryParts & { readonly from?: number } = {},
): string[] {
  return Array.from({ length: count }, (_, n) => makeEntry({ ...parts, index: from + n }));
}

/** A piece without entries. Its sequence is 1: a test that appends twice counts on. */
export function makePiece(parts: Partial<AppendPiece> = {}): AppendPiece {
  return {
    connectionId: CONNECTION,
    lane: 'lane-1',
    sequence: 1,
    receiptId: null,
    rejected: 0,
    rejectedEntries: [],
    groups: [],
    last: true,
    lingerMs: 1000,
    entriesMax: 20,
    pendingMax: 1_000_000,
    connectionsMax: 1000,
    receiptsMax: 1_000_000,
    receiptTtlMs: 86_400_000,
    ...parts,
  };
}

export function makeTake(parts: Partial<TakeRequest> = {}): TakeRequest {
  return {
    connectionId: CONNECTION,
    tenantId: TENANT,
    leaseId: 'lease-1',
    leaseMs: 30_000,
    callTimeoutMs: 20_000,
    lingerMs: 1000,
    ageBoundMs: 60_000,
    entriesMax: 20,
    inFlightMax: 20,
    unknownPolicy: 'retry',
    viewedAgeMaxMs: null,
    intervalInitialUs: 50_000,
    ...parts,
  };
}

export function makeSettle(parts: Partial<SettleRequest> = {}): SettleRequest {
  return {
    connectionId: CONNECTION,
    tenantId: TENANT,
    leaseId: 'lease-1',
    epoch: 0,
    tenantEpoch: 0,
    settlement: makeSettlement([]),
    deadLettersMax: 1_000_000,
    receiptTtlMs: 86_400_000,
    entriesMax: 20,
    inFlightMax: 20,
    ...parts,
  };
}

export function makeSettlement(entries: readonly EntrySettlement[], call: Partial<CallSettlement> = {}): Settlement {
  return { entries, call: makeCall(call) };
}

/** A call that Graph took. */
export function makeCall(parts: Partial<CallSettlement> = {}): CallSettlement {
  return {
    quota: 'accepted',
    closeMs: 0,
    failed: false,
    block: null,
    target: null,
    groupsWhole: false,
    unknown: null,
    ...parts,
  };
}

export const ACK: EntrySettlement = { kind: 'ack' };

export function makeRequeue(parts: Partial<Requeue> = {}): Requeue {
  return { kind: 'requeue', delayMs: 0, counted: true, group: 0, ...parts };
}

type Requeue = Extract<EntrySettlement, { kind: 'requeue' }>;

export function makeDeadLetter(reason: Partial<SettledReason> = {}): EntrySettlement {
  return { kind: 'deadLetter', ...makeReason(reason) };
}

export function makePark(reason: Partial<SettledReason> = {}): EntrySettlement {
  return { kind: 'park', ...makeReason(reason) };
}

function makeReason(parts: Partial<SettledReason>): SettledReason {
  return { code: 'badRequest', message: 'The activity is not valid.', requestId: null, ...parts };
}
