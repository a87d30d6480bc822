/*
  What a run of a script costs as the backlog grows: two servers, one with few items pending and one with many, asked in turn
  for the same. Times are Redis's own (INFO commandstats), so that neither the client nor the network is in them; on a
  machine that others use they still hold what the others took.
*/
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Lease } from '@sluice/core';
import { openRedisStore, type RedisStore } from '@sluice/store';
import {
  ACK,
  CONNECTION,
  makeEntries,
  makePiece,
  makeRequeue,
  makeSettle,
  makeSettlement,
  makeTake,
} from '@sluice/testing';
import { loadScript, SCRIPT_NAMES } from '../../packages/store/src/scripts.ts';
import { type BenchRedis, startBenchRedis } from '../support/bench-redis.ts';
import { ratioOf, type Spread, spreadOf } from '../support/spread.ts';

export const FEW_ITEMS = 1000;
export const MANY_ITEMS = 1_000_000;
export const ITEM_ENTRIES = 5;

export interface ScriptCost {
  readonly name: string;
  /** The many may cost little more than the few. Not so where one run does the work of hundreds, each of them O(log n). */
  readonly boundedRatio: boolean;
  /** Microseconds a run, over the rounds. */
  readonly few: Spread;
  readonly many: Spread;
  /** Many ÷ few, round by round. */
  readonly ratio: Spread;
}

export interface Costs {
  readonly scripts: readonly ScriptCost[];
  /** The longest single run of each script that took SLOW_US or more, on either server, filling included. */
  readonly slowest: readonly { readonly script: string; readonly us: number }[];
  /** How long the servers were ready to run and had no processor, all in all; null where the system does not say. */
  readonly keptWaitingMs: number | null;
}

export const SLOW_US = 2000;
const WIDE_APPEND = 'append, 500 entries of 500 new items';
const ROUNDS = 15;
const RUNS = 200;
const HEAVY_RUNS = 10;
const FULL = 20;
const AT_ONCE = 20;
const FAR_MS = 1e9;

interface Side {
  readonly redis: BenchRedis;
  readonly store: RedisStore;
  /** Names of leases, sequences of pieces, items beyond those pending. */
  next: number;
}

export async function measureCosts(say: (text: string) => void): Promise<Costs> {
  const sides: Side[] = [];
  try {
    for (const items of [FEW_ITEMS, MANY_ITEMS]) {
      say(`${items} items of ${ITEM_ENTRIES} entries`);
      sides.push(await openSide(items));
    }
    const costs = new Map<string, [few: number[], many: number[]]>();
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [at, side] of sides.entries()) {
        for (const [name, us] of await measureRound(side)) {
          // The first round warms up.
          if (round === 0) costs.set(name, [[], []]);
          else costs.get(name)![at]!.push(us);
        }
      }
      say(`round ${round} of ${ROUNDS}`);
    }
    const scripts = [...costs].map(([name, [few, many]]) => ({
      name,
      boundedRatio: name !== WIDE_APPEND,
      few: spreadOf(few),
      many: spreadOf(many),
      ratio: ratioOf(many, few),
    }));
    return { scripts, slowest: await readSlowest(sides), keptWaitingMs: readKeptWaiting(sides) };
  } finally {
    for (const { store, redis } of sides) {
      await store.close();
      await redis.stop();
    }
  }
}

async function openSide(items: number): Promise<Side> {
  const redis = await startBenchRedis({ appendOnly: false });
  await redis.client.config('SET', 'slowlog-log-slower-than', SLOW_US);
  await redis.client.config('SET', 'slowlog-max-len', 10_000);
  const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
  const side: Side = { redis, store, next: 0 };
  const itemsAPiece = 100;
  await atOnce(
    Array.from({ length: items / itemsAPiece }, (_, piece) => piece * itemsAPiece),
    (from) =>
      append(
        side,
        Array.from({ length: itemsAPiece }, (_, n) => `item-${from + n}`),
        ITEM_ENTRIES,
      ),
  );
  // Nothing is learned from now on, so that no run pays for it.
  await take(side);
  const learning = { memory: '', intervalUs: 1, learnAtMs: (await store.nowMs()) + FAR_MS, closedUntilMs: 0 };
  await store.learn(CONNECTION, 0, learning);
  return side;
}

async function measureRound(side: Side): Promise<[name: string, us: number][]> {
  const runs = Array.from({ length: RUNS }, (_, n) => n);
  const leases: Lease[] = [];
  const costs: [string, number][] = [];
  const measure = async (name: string, work: () => Promise<unknown>) =>
    void costs.push([name, await costOf(side, work)]);

  await measure(`take, ${ITEM_ENTRIES} entries`, () => atOnce(runs, async () => void leases.push(await take(side))));
  await measure('take, refused', () => atOnce(runs, () => side.store.take(makeTake({ inFlightMax: 1 }))));
  await measure(`settle, ${ITEM_ENTRIES} delivered`, () => atOnce(leases, (lease) => settle(side, lease)));
  await measure(`append, ${ITEM_ENTRIES} entries of one item`, () =>
    atOnce(leases, ({ itemId }) => append(side, [itemId], ITEM_ENTRIES)),
  );
  await measure('connection (status)', () => atOnce(runs, () => side.store.connection(CONNECTION)));
  costs.push(['take that brings back 4 leases and 4 retries of 20', await heavyTakes(side)]);
  costs.push([WIDE_APPEND, await widePieces(side)]);
  return costs;
}

/** As much as one take ever brings back. Items with a full call are taken before those that wait, so nobody else is touched. */
async function heavyTakes(side: Side): Promise<number> {
  let us = 0;
  for (let run = 0; run < HEAVY_RUNS; run++) {
    await append(
      side,
      Array.from({ length: 8 }, (_, n) => `full-${n}`),
      FULL,
    );
    for (let n = 0; n < 4; n++) await settle(side, await take(side), makeRequeue({ counted: false }));
    for (let n = 0; n < 4; n++) await take(side, 1);
    await wait(5);
    let lease: Lease | undefined;
    us += await costOf(side, async () => {
      lease = await take(side);
    });
    await settle(side, lease!);
    for (let n = 0; n < 7; n++) await settle(side, await take(side));
  }
  return us / HEAVY_RUNS;
}

/** The items are gone again afterwards: they are full once they got the rest of a call. */
async function widePieces(side: Side): Promise<number> {
  const items = Array.from({ length: 500 }, (_, n) => `new-${n}`);
  const us = await costOf(side, () => append(side, items, 1));
  for (let n = 0; n < items.length; n += 25) await append(side, items.slice(n, n + 25), FULL - 1);
  await atOnce(items, async () => settle(side, await take(side)));
  return us;
}

/** Mean microseconds of a run of a script. */
async function costOf({ redis }: Side, work: () => Promise<unknown>): Promise<number> {
  await redis.client.config('RESETSTAT');
  await work();
  const stat = (await redis.info('commandstats')).get('cmdstat_evalsha') ?? '';
  return Number(/usec_per_call=([\d.]+)/.exec(stat)?.[1] ?? Number.NaN);
}

function append(side: Side, items: readonly string[], entries: number): Promise<unknown> {
  const sequence = ++side.next;
  const groups = items.map((itemId, n) => ({ itemId, entries: makeEntries(entries, { from: n * entries }) }));
  return side.store.append(makePiece({ sequence, groups, lingerMs: 0, pendingMax: 100_000_000 }));
}

async function take(side: Side, leaseMs = 60_000): Promise<Lease> {
  const bounds = { lingerMs: 0, ageBoundMs: FAR_MS, inFlightMax: FAR_MS, intervalInitialUs: 1 };
  const taken = await side.store.take(makeTake({ leaseId: `lease-${++side.next}`, leaseMs, ...bounds }));
  if (taken.status === 'leased') return taken;
  throw new Error(`take was refused (${taken.reason}); there should be enough to take`);
}

function settle({ store }: Side, { leaseId, epoch, entries }: Lease, verdict: typeof ACK = ACK): Promise<unknown> {
  return store.settle(makeSettle({ leaseId, epoch, settlement: makeSettlement(entries.map(() => verdict)) }));
}

/** A few commands on their way, as workers have them. */
async function atOnce<T>(list: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const loop = async () => {
    while (next < list.length) await work(list[next++]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
}

async function readSlowest(sides: readonly Side[]): Promise<Costs['slowest']> {
  const names = new Map(SCRIPT_NAMES.map((name) => [createHash('sha1').update(loadScript(name)).digest('hex'), name]));
  const longest = new Map<string, number>();
  for (const { redis } of sides) {
    const log = (await redis.client.slowlog('GET', -1)) as [id: number, at: number, us: number, command: string[]][];
    for (const [, , us, [command, sha]] of log) {
      if (!/^eval/i.test(command ?? '')) continue;
      const script = names.get(sha ?? '') ?? 'a script sent whole';
      longest.set(script, Math.max(longest.get(script) ?? 0, us));
    }
  }
  return [...longest].map(([script, us]) => ({ script, us })).sort((a, b) => b.us - a.us);
}

/** Linux: the second number of schedstat, nanoseconds. */
function readKeptWaiting(sides: readonly Side[]): number | null {
  try {
    const waited = sides.map(({ redis }) => Number(readFileSync(`/proc/${redis.pid}/schedstat`, 'utf8').split(' ')[1]));
    return waited.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    return null;
  }
}
