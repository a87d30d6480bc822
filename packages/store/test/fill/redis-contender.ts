/* The scripts themselves, on a real Redis whose clock is moved by the simulation. */
import assert from 'node:assert/strict';
import { decodeEntry, type Lease } from '@sluice/core';
import {
  ACK,
  ACTIVITY_START_MS,
  CLOCK_START_MS,
  CONNECTION,
  makeEntry,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
} from '@sluice/testing';
import { type ContractRedis, makeRedisContractStore } from '../support/redis-contract-store.ts';
import { CALL_INTERVAL_MS, type Entry, LINGER_MS, type Shape } from './shapes.ts';
import type { Call, Contender } from './simulate-calls.ts';

interface LeasedCall extends Call {
  readonly lease: Lease;
}

/** So that the bucket keeps the rate of the shape: nothing is learned for longer than any simulation lasts. */
const NOTHING_LEARNED_MS = 1e9;

export async function makeRedisContender(
  redis: ContractRedis,
  { ageBoundMs }: Pick<Shape, 'ageBoundMs'>,
): Promise<Contender> {
  const { store, advance, dispose } = await makeRedisContractStore(redis);
  const byNumber: Entry[] = [];
  let nowMs = 0;
  let pieces = 0;
  let leases = 0;

  /** The clock is set on the same connection just before, so the two need only one wait. */
  async function at<T>(atMs: number, ask: () => Promise<T>): Promise<T> {
    const moved = atMs > nowMs ? advance(atMs - nowMs) : Promise.resolve();
    nowMs = atMs;
    const [result] = await Promise.all([ask(), moved]);
    return result;
  }

  async function append(atMs: number, entries: readonly Entry[]) {
    for (const entry of entries) byNumber[entry.number] = entry;
    const groups = [...Map.groupBy(entries, ({ item }) => item)].map(([itemId, list]) => ({
      itemId,
      entries: list.map(({ number, pair }) => makeEntry({ startMs: ACTIVITY_START_MS + pair, index: number })),
    }));
    pieces += 1;
    const result = await at(atMs, () => store.append(makePiece({ sequence: pieces, groups, lingerMs: LINGER_MS })));
    assert.equal(result.status, 'appended');
    return simulated('wakeAtMs' in result ? result.wakeAtMs : null);
  }

  async function take(atMs: number): Promise<LeasedCall | { readonly untilMs: number | null }> {
    const request = { leaseId: `lease-${leases}`, lingerMs: LINGER_MS, ageBoundMs };
    const result = await at(atMs, () =>
      store.take(makeTake({ ...request, intervalInitialUs: CALL_INTERVAL_MS * 1000 })),
    );
    if (result.status === 'waiting') return { untilMs: simulated(result.untilMs) };
    if (leases === 0) await keepRate();
    leases += 1;
    return { lease: result, entries: result.entries.map((entry) => byNumber[decodeEntry(entry)!.index]!) };
  }

  async function keepRate() {
    const learnAtMs = CLOCK_START_MS + NOTHING_LEARNED_MS;
    const learning = { memory: '', intervalUs: CALL_INTERVAL_MS * 1000, learnAtMs, closedUntilMs: 0 };
    assert.ok(await store.learn(CONNECTION, 0, learning));
  }

  async function settle(atMs: number, call: Call) {
    const { leaseId, epoch, entries } = (call as LeasedCall).lease;
    const settlement = makeSettlement(entries.map(() => ACK));
    const result = await at(atMs, () => store.settle(makeSettle({ leaseId, epoch, settlement })));
    assert.equal(result.status, 'settled');
    return simulated(result.wakeAtMs);
  }

  return { append, take, settle, close: dispose };
}

function simulated(storeMs: number | null): number | null {
  return storeMs === null ? null : storeMs - CLOCK_START_MS;
}
