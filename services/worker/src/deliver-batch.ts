/*
  The story of a batch, from the lease to its end: deliver → outcome → settle.
  A call whose answer was read is settled until the store says so, and never sent again for want of a settlement.
*/
import {
  type ActivityStore,
  type Bucket,
  type Lease,
  planSettlement,
  type Reply,
  readReply,
  type SettlementSettings,
  type SettleResult,
} from '@sluice/core';

export interface DeliverParts {
  readonly store: ActivityStore;
  readonly send: (connectionId: string, lease: Lease) => Promise<Reply>;
  readonly learn: (connectionId: string, bucket: Bucket | null, nowMs: number) => Promise<void>;
  readonly wake: (connectionId: string, atMs: number) => Promise<void>;
  readonly settings: SettlementSettings & {
    readonly deadLettersMax: number;
    readonly receiptTtlMs: number;
    readonly batchEntriesMax: number;
  };
  readonly chance: () => number;
  readonly observe: (delivery: Delivery) => void;
}

/** What is told of each call, once. */
export interface Delivery {
  readonly connectionId: string;
  readonly lease: Lease;
  readonly reply: Reply;
  readonly settlement: ReturnType<typeof planSettlement>;
  readonly result: SettleResult;
}

export async function deliverBatch(connectionId: string, lease: Lease, parts: DeliverParts): Promise<void> {
  const { store, settings } = parts;
  const reply = await parts.send(connectionId, lease);
  const outcome = readReply({ reply, entries: lease.entries, nowMs: lease.nowMs });
  const settlement = planSettlement({ outcome, entries: lease.entries, lease, settings, chance: parts.chance });
  const result = await store.settle({
    connectionId,
    leaseId: lease.leaseId,
    epoch: lease.epoch,
    settlement,
    deadLettersMax: settings.deadLettersMax,
    receiptTtlMs: settings.receiptTtlMs,
    entriesMax: settings.batchEntriesMax,
  });
  parts.observe({ connectionId, lease, reply, settlement, result });
  await parts.learn(connectionId, result.learn, result.nowMs);
  if (result.wakeAtMs !== null) await parts.wake(connectionId, result.wakeAtMs);
}
