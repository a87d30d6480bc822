/*
  The story of a batch, from the lease to its end: deliver → outcome → settle.
  A call whose answer was read is settled until the store says so, and never sent again for want of a settlement.
*/
import {
  type ActivityStore,
  hidePerformers,
  type Lease,
  OUTCOME_OF_NO_CALL,
  type Outcome,
  type OutcomeOverrides,
  planSettlement,
  type Reply,
  readReply,
  type Settlement,
  type SettlementSettings,
  type SettleRequest,
  type SettleResult,
  splitReadable,
} from '@sluice/core';
import type { Learn } from './learn.ts';
import { tellCall } from './tell-call.ts';

export interface DeliverParts {
  readonly store: ActivityStore;
  readonly send: (connectionId: string, lease: Lease, entries: readonly string[]) => Promise<Reply>;
  readonly tenantId: string;
  readonly learn: Learn;
  readonly wake: (connectionId: string, atMs: number) => Promise<void>;
  readonly settings: SettlementSettings & {
    readonly deadLettersMax: number;
    readonly receiptTtlMs: number;
    readonly batchEntriesMax: number;
    readonly inFlightMax: number;
  };
  readonly outcomes: OutcomeOverrides;
  readonly chance: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Told of what went wrong and is tried again. */
  readonly onError: (error: unknown) => void;
  readonly observe: (delivery: Delivery) => void;
}

/** What is told of each call, once. */
export interface Delivery {
  readonly connectionId: string;
  readonly lease: Lease;
  /** null: there was no call, nothing in the lease could be read. */
  readonly reply: Reply | null;
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  readonly result: SettleResult;
}

export async function deliverBatch(connectionId: string, lease: Lease, parts: DeliverParts): Promise<void> {
  const { settings, outcomes } = parts;
  const { readable } = splitReadable(lease.entries);
  const reply = readable.length === 0 ? null : await parts.send(connectionId, lease, readable);
  const { nowMs, missedBefore } = lease;
  const sayer = reply?.kind === 'answered' ? 'graph' : 'others';
  const outcome =
    reply === null
      ? OUTCOME_OF_NO_CALL
      : hidePerformers(readReply({ reply, entries: readable, nowMs, missedBefore, outcomes }), readable, sayer);
  const settlement = planSettlement({ outcome, entries: lease.entries, lease, settings, chance: parts.chance });
  const result = await settleUntilAnswered(parts, {
    connectionId,
    tenantId: parts.tenantId,
    leaseId: lease.leaseId,
    epoch: lease.epoch,
    tenantEpoch: lease.tenantEpoch,
    settlement,
    deadLettersMax: settings.deadLettersMax,
    receiptTtlMs: settings.receiptTtlMs,
    entriesMax: settings.batchEntriesMax,
    inFlightMax: settings.inFlightMax,
    ...(reply !== null && { told: tellCall(lease, reply, outcome, settlement) }),
  });
  parts.observe({ connectionId, lease, reply, outcome, settlement, result });
  await parts.learn(connectionId, result);
  if (result.wakeAtMs !== null) await parts.wake(connectionId, result.wakeAtMs);
}

const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2000;

/**
 * A Redis that is full, read-only or busy answers with an error; the verdicts are known and must not be lost for it, or the
 * call would be made again. Settling is idempotent by the lease, so it is tried as long as this worker lives; how many try at
 * once is bounded by its calls in flight.
 */
async function settleUntilAnswered(
  { store, pause, onError }: DeliverParts,
  request: SettleRequest,
): Promise<SettleResult> {
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    try {
      return await store.settle(request);
    } catch (error) {
      // A settlement that does not fit its lease is a bug here, and fits no better the next time.
      if (error instanceof Error && error.message.includes('SETTLEMENT')) throw error;
      onError(error);
      await pause(pauseMs);
    }
  }
}
