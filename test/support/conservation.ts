/* The oracle: what was acknowledged is in the ledger, in the dead letters, parked or pending; and how often each. */
import assert from 'node:assert/strict';
import { openRedisStore, type RedisStore } from '@sluice/store';
import { eventually } from '@sluice/testing';
import type { LedgerLine } from './emulator-control.ts';
import type { Producer, Sent } from './producer.ts';
import type { System } from './start-system.ts';

export interface Books {
  /** How often each activity stands in the ledger. */
  readonly appended: ReadonlyMap<string, number>;
  readonly lines: readonly LedgerLine[];
  readonly duplicates: readonly string[];
}

export const keyOf = ({ connection, item, type, startDateTime, performer }: Sent) =>
  [connection, item, type, startDateTime, performer].join(' ');

export async function readBooks(system: System): Promise<Books> {
  const lines = await system.emulator.ledger();
  const appended = new Map<string, number>();
  for (const { connection, item, activity } of lines) {
    const { type, startDateTime, performedBy } = activity;
    const key = keyOf({ connection, item, type, startDateTime, performer: performedBy.id });
    appended.set(key, (appended.get(key) ?? 0) + 1);
  }
  return { appended, lines, duplicates: [...appended].filter(([, times]) => times > 1).map(([key]) => key) };
}

/** Waits until nothing is pending any more; answers how long that took. */
export async function drained(system: System, connections: readonly string[], withinMs: number): Promise<void> {
  const store = openStore(system);
  try {
    await eventually(
      async () => {
        const views = await Promise.all(connections.map((id) => store.connection(id)));
        const pending = views.reduce((sum, view) => sum + (view?.pending ?? 0), 0);
        if (pending > 0) throw new Error(`${pending} entries are pending`);
        return true;
      },
      { withinMs, what: 'nothing is pending' },
    );
  } finally {
    await store.close();
  }
}

/** Asserts that every acknowledged activity has been appended once, and that nothing was appended that nobody sent. */
export async function assertDeliveredOnce(system: System, producer: Producer): Promise<Books> {
  const books = await readBooks(system);
  const lost = producer.acknowledged.map(keyOf).filter((key) => !books.appended.has(key));
  assert.deepEqual(lost.slice(0, 5), [], `${lost.length} acknowledged activities are not in the ledger`);
  assert.deepEqual(books.duplicates.slice(0, 5), [], `${books.duplicates.length} activities are in the ledger twice`);
  assertNothingInvented(books, producer);
  assertCallsWellFormed(books.lines);
  return books;
}

export function assertNothingInvented(books: Books, producer: Producer): void {
  const sent = new Set([...producer.acknowledged, ...producer.doubtful].map(keyOf));
  assert.deepEqual(
    [...books.appended.keys()].filter((key) => !sent.has(key)),
    [],
    'in the ledger, but nobody sent it',
  );
}

/** Each call: one item, 1 to 20 activities, each with its type. */
export function assertCallsWellFormed(lines: readonly LedgerLine[]): void {
  const calls = Map.groupBy(lines, (line) => line.call);
  for (const [call, entries] of calls) {
    assert.ok(entries.length <= 20, `call ${call} carried ${entries.length}`);
    assert.equal(
      new Set(entries.map((line) => `${line.connection} ${line.item}`)).size,
      1,
      `call ${call} was for one item`,
    );
    const pairs = entries.map(({ activity }) => `${activity.type} ${activity.startDateTime}`);
    assert.equal(new Set(pairs).size, pairs.length, `no two of call ${call} share type and instant`);
  }
}

export function openStore(system: Pick<System, 'storePlace'>): RedisStore {
  return openRedisStore({ ...system.storePlace, role: 'worker', onError: () => {} });
}
