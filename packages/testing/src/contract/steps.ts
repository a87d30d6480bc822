/* The steps that contract tests are told in: one connection, sequences and lease ids made here, answers checked on the way. */
import assert from 'node:assert/strict';
import {
  type ActivityStore,
  type AppendPiece,
  type AppendResult,
  type CallSettlement,
  type ConnectionView,
  decodeEntry,
  type Entry,
  type EntrySettlement,
  type Lease,
  type SettleRequest,
  type SettleResult,
  type TakeRefusal,
  type TakeRequest,
  type TakeResult,
} from '@sluice/core';
import { CONNECTION, makePiece, makeSettle, makeSettlement, makeTake } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';

export interface Steps {
  readonly store: ActivityStore;
  advance(ms: number): Promise<void>;
  /** A piece of its own, for one item. */
  append(itemId: string, entries: readonly string[], parts?: Partial<AppendPiece>): Promise<AppendResult>;
  take(parts?: Partial<TakeRequest>): Promise<TakeResult>;
  /** A take that has to lease. */
  lease(parts?: Partial<TakeRequest>): Promise<Lease>;
  /** A take that has to be refused. */
  refusal(parts?: Partial<TakeRequest>): Promise<TakeRefusal>;
  /** One verdict for all entries, or one for each. */
  settle(lease: Lease, verdicts: Verdicts, call?: Partial<CallSettlement>, parts?: Parts): Promise<SettleResult>;
  view(): Promise<ConnectionView>;
  nowMs(): Promise<number>;
}

type Verdicts = EntrySettlement | readonly EntrySettlement[];
type Parts = Partial<SettleRequest>;

/** A token each millisecond, so that the quota is in nobody's way who does not ask for it. */
const INTERVAL_US = 1000;

export async function withStore(makeStore: MakeStore, use: (steps: Steps) => Promise<void>): Promise<void> {
  const made = await makeStore();
  try {
    await use(stepsOf(made.store, made.advance));
  } finally {
    await made.dispose();
  }
}

function stepsOf(store: ActivityStore, advance: (ms: number) => Promise<void>): Steps {
  let sequence = 0;
  let leases = 0;

  function append(itemId: string, entries: readonly string[], parts: Partial<AppendPiece> = {}) {
    return store.append(makePiece({ sequence: ++sequence, groups: [{ itemId, entries }], ...parts }));
  }

  function take(parts: Partial<TakeRequest> = {}): Promise<TakeResult> {
    leases += 1;
    const leaseId = `lease-${String(leases).padStart(4, '0')}`;
    return store.take(makeTake({ leaseId, intervalInitialUs: INTERVAL_US, ...parts }));
  }

  async function lease(parts?: Partial<TakeRequest>): Promise<Lease> {
    const result = await take(parts);
    assert.equal(result.status, 'leased', `a lease was expected, not ${JSON.stringify(result)}`);
    return result as Lease;
  }

  async function refusal(parts?: Partial<TakeRequest>): Promise<TakeRefusal> {
    const result = await take(parts);
    assert.equal(result.status, 'waiting', `a refusal was expected, not ${JSON.stringify(result)}`);
    return result as TakeRefusal;
  }

  function settle({ leaseId, epoch, tenantEpoch, entries }: Lease, verdicts: Verdicts, call = {}, parts: Parts = {}) {
    const list = 'kind' in verdicts ? entries.map(() => verdicts) : verdicts;
    return store.settle(makeSettle({ leaseId, epoch, tenantEpoch, settlement: makeSettlement(list, call), ...parts }));
  }

  async function view(): Promise<ConnectionView> {
    const seen = await store.connection(CONNECTION);
    assert.notEqual(seen, null, `${CONNECTION} is not known to the store`);
    return seen!;
  }

  const nowMs = async () => (await view()).nowMs;
  return { store, advance, append, take, lease, refusal, settle, view, nowMs };
}

/** What a refusal says, without its clock and the bucket. */
export function saidBy({ reason, untilMs }: TakeRefusal): Pick<TakeRefusal, 'reason' | 'untilMs'> {
  return { reason, untilMs };
}

/** The positions that entries had in their request: who they are, whatever their columns say now. */
export function indicesOf({ entries }: Pick<Lease, 'entries'>): readonly number[] {
  return entries.map((entry) => read(entry).index);
}

export function read(entry: string | undefined): Entry {
  const decoded = entry === undefined ? null : decodeEntry(entry);
  assert.notEqual(decoded, null, `not an entry: ${entry}`);
  return decoded!;
}
