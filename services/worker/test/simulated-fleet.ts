/*
  Workers in simulated time: their drains, calls and bounds are the product's, the store is the model, the queue is the plainest
  one that keeps the promises of wake-ups, and Graph is a latency and a verdict for each connection. Nothing is learned, so
  that a connection's rate is what it was given.
*/
import type { CallSettlement, Lease } from '@sluice/core';
import {
  ACK,
  createMemoryActivityStore,
  makeEntries,
  makePiece,
  makeRequeue,
  makeSettle,
  makeSettlement,
  makeTake,
  manualClock,
} from '@sluice/testing';
import { boundedCalls, type Calls, type StartTimer } from '../src/calls.ts';
import { drainConnection } from '../src/drain-connection.ts';

export interface SimulatedConnection {
  readonly id: string;
  /** Calls a second that its bucket grants. */
  readonly rate: number;
  readonly latencyMs: number;
  readonly items: number;
  /** Entries that wait from the beginning; a call carries one. */
  readonly entries: number;
  readonly answer: 'taken' | 'throttled' | 'forbidden';
}

export interface SimulatedFleet {
  readonly workers: number;
  readonly callsMax: number;
  readonly connections: readonly SimulatedConnection[];
  readonly seconds: number;
}

/** A queue says that a job is due now when it is due so soon. */
const NOW_MS = 3;
/** A round trip to the store. */
const TRIP_MS = 1;
const RETRY_AFTER_MS = 300;
const PROBE_EVERY_MS = 60_000;

/** Calls that were taken of each connection. */
export async function simulateFleet({ workers, callsMax, connections, seconds }: SimulatedFleet) {
  const clock = manualClock();
  const store = createMemoryActivityStore(clock);
  const taken = new Map(connections.map(({ id }) => [id, 0]));
  const known = new Map(connections.map((connection) => [connection.id, connection]));
  const startTimer: StartTimer = (ms, then) => {
    const off = new AbortController();
    void clock.wait(ms, off.signal).then(() => off.signal.aborted || then());
    return () => off.abort();
  };
  const fleet = Array.from({ length: workers }, () => boundedCalls(callsMax, startTimer));
  let leases = 0;

  async function deliver(connectionId: string, lease: Lease): Promise<void> {
    const { latencyMs, answer } = known.get(connectionId)!;
    await clock.wait(latencyMs);
    if (answer === 'taken') taken.set(connectionId, taken.get(connectionId)! + 1);
    const verdict = answer === 'taken' ? ACK : makeRequeue({ delayMs: 1, counted: false });
    const { leaseId, epoch, tenantEpoch } = lease;
    const settlement = makeSettlement(
      lease.entries.map(() => verdict),
      CALL[answer],
    );
    const settled = await store.settle(makeSettle({ connectionId, leaseId, epoch, tenantEpoch, settlement }));
    if (settled.wakeAtMs !== null) await queue.wake(connectionId, settled.wakeAtMs);
  }

  async function take(connectionId: string) {
    await clock.wait(TRIP_MS);
    const leaseId = `lease-${++leases}`;
    const intervalInitialUs = Math.round(1e6 / known.get(connectionId)!.rate);
    return store.take(makeTake({ connectionId, leaseId, intervalInitialUs, lingerMs: 0, entriesMax: 1 }));
  }

  const queue = openQueue(clock, fleet, (connectionId, calls) =>
    drainConnection(connectionId, {
      take,
      deliver,
      calls,
      wake: queue.wake,
      spread: queue.spread,
      stopping: () => false,
      sleep: (ms) => clock.wait(ms),
      clock: clock.nowMs,
    }),
  );

  for (const [nth, { id, items, entries }] of connections.entries()) {
    const groups = Array.from({ length: items }, (_, item) => ({
      itemId: `item-${item}`,
      entries: makeEntries(Math.ceil(entries / items)),
    }));
    await store.append(makePiece({ connectionId: id, lane: `lane-${nth}`, groups, lingerMs: 0, entriesMax: 1 }));
    await queue.wake(id, 0);
  }
  await clock.advance(seconds * 1000);
  return taken;
}

const CALL: Readonly<Record<SimulatedConnection['answer'], Partial<CallSettlement>>> = {
  taken: {},
  throttled: { quota: 'refused', closeMs: RETRY_AFTER_MS },
  forbidden: { quota: 'none', block: { kind: 'held', reason: 'forbidden', probeEveryMs: PROBE_EVERY_MS } },
};

/** One drain of a connection at a time, and one more after it when it was asked for meanwhile; others beside them by spread. */
function openQueue(
  clock: ReturnType<typeof manualClock>,
  fleet: readonly Calls[],
  drain: (connectionId: string, calls: Calls) => Promise<void>,
) {
  const active = new Set<string>();
  const again = new Set<string>();
  const timers = new Set<string>();
  let turn = 0;

  function add(job: string, connectionId: string): void {
    if (active.has(job)) {
      again.add(job);
      return;
    }
    active.add(job);
    void drain(connectionId, fleet[turn++ % fleet.length]!).then(() => {
      active.delete(job);
      if (again.delete(job)) add(job, connectionId);
    });
  }

  return {
    wake: async (connectionId: string, atMs: number): Promise<void> => {
      const delayMs = atMs - clock.nowMs();
      if (delayMs <= NOW_MS) return add(connectionId, connectionId);
      const timer = `${connectionId}~${atMs}`;
      if (timers.has(timer)) return;
      timers.add(timer);
      void clock.wait(delayMs).then(() => {
        timers.delete(timer);
        add(connectionId, connectionId);
      });
    },
    spread: async (connectionId: string): Promise<void> => add(`${connectionId}~spread`, connectionId),
  };
}
