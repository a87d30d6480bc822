/* Takes and settles a backlog straight on the store, without Graph: what remains is Redis's part of a drain. */
import { randomUUID } from 'node:crypto';
import {
  type ActivityStore,
  type Bucket,
  type EntrySettlement,
  type Lease,
  learnQuota,
  type QuotaSettings,
} from '@sluice/core';

/** Far beyond what can be called: the quota is charged as always and never refuses. */
const QUOTA: QuotaSettings = { rateInitial: 100_000, rateMax: null, probeBudget: 0.006, share: 1 };
const INTERVAL_INITIAL_US = 10;
/** Commands on their way at once, as a worker with so many calls in flight has. */
const LOOPS = 50;
const CALL_ENTRIES = 20;
const DAY_MS = 86_400_000;
const TENANT = 'bench';

type Store = Pick<ActivityStore, 'take' | 'settle' | 'learn'>;

/** At most `leasesMax` leases; fewer: nothing is left to take. */
export async function takeLeases(store: Store, connectionId: string, leasesMax: number): Promise<Lease[]> {
  const leases: Lease[] = [];
  let asked = 0;
  await atOnce(async () => {
    while (asked < leasesMax) {
      asked++;
      const taken = await store.take({
        tenantId: TENANT,
        connectionId,
        leaseId: randomUUID(),
        leaseMs: 30_000,
        callTimeoutMs: 20_000,
        lingerMs: 0,
        ageBoundMs: 60_000,
        entriesMax: CALL_ENTRIES,
        inFlightMax: 2 * leasesMax,
        unknownPolicy: 'retry',
        viewedAgeMaxMs: null,
        intervalInitialUs: INTERVAL_INITIAL_US,
      });
      await learn(store, connectionId, taken.learn, taken.nowMs);
      if (taken.status === 'leased') leases.push(taken);
      else if (taken.reason === 'quota') asked--;
      else return;
    }
  });
  return leases;
}

/** Everything had this end. */
export async function settleLeases(
  store: Store,
  connectionId: string,
  leases: readonly Lease[],
  end: EntrySettlement = { kind: 'ack' },
): Promise<void> {
  let next = 0;
  await atOnce(async () => {
    for (let lease = leases[next++]; lease !== undefined; lease = leases[next++]) {
      const result = await store.settle({
        connectionId,
        tenantId: TENANT,
        tenantEpoch: lease.tenantEpoch,
        leaseId: lease.leaseId,
        epoch: lease.epoch,
        settlement: {
          entries: lease.entries.map(() => end),
          call: {
            quota: 'accepted',
            closeMs: 0,
            failed: false,
            block: null,
            target: 'found',
            groupsWhole: false,
            unknown: null,
          },
        },
        deadLettersMax: 1_000_000,
        receiptTtlMs: DAY_MS,
        entriesMax: CALL_ENTRIES,
        inFlightMax: 20,
      });
      await learn(store, connectionId, result.learn, result.nowMs);
    }
  });
}

async function atOnce(loop: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: LOOPS }, loop));
}

async function learn(store: Store, connectionId: string, bucket: Bucket | null, nowMs: number): Promise<void> {
  if (bucket !== null) await store.learn(connectionId, bucket.version, learnQuota(bucket, QUOTA, nowMs));
}
