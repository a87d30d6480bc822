/* The steps that tests of dead letters are told in. */
import assert from 'node:assert/strict';
import type { DeadLetterChange, DeadLetterFilter, DeadLetterPage, SettledEntry } from '@sluice/core';
import { CONNECTION, makeEntries } from '../builders.ts';
import type { Steps } from './steps.ts';

export const NOW = { lingerMs: 0 };
export const REF = 'receipt-0001';
export const ID = `s0${REF}`;
export const BOUNDS = {
  connectionId: CONNECTION,
  lookedAtMax: 500,
  chosenMax: 500,
  deadLettersMax: 1000,
  pendingMax: 1000,
  entriesMax: 20,
};

type Verdicts = Parameters<Steps['settle']>[1];
type Store = Steps['store'];

/** One entry for each verdict, appended to the item and settled so. */
export async function end(
  { append, lease, settle }: Steps,
  itemId: string,
  verdicts: Verdicts & readonly unknown[],
  from: number,
  parts: Parameters<Steps['settle']>[3] = {},
): Promise<void> {
  await append(itemId, makeEntries(verdicts.length, { from }));
  await settle(await lease(NOW), verdicts, {}, parts);
}

export async function listOnce(
  store: Store,
  request: Parameters<Store['deadLetters']>[0],
): Promise<Extract<DeadLetterPage, { status: 'listed' }>> {
  const page = await store.deadLetters(request);
  assert.ok(page.status === 'listed');
  return page;
}

export async function listAll(
  store: Store,
  filter: DeadLetterFilter = {},
  bounds: Partial<typeof BOUNDS> = {},
): Promise<SettledEntry[]> {
  const entries: SettledEntry[] = [];
  let cursor: string | null = null;
  do {
    const page = await listOnce(store, { ...BOUNDS, ...bounds, choice: { filter, cursor } });
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== null);
  return entries;
}

export async function change(changing: Promise<DeadLetterChange>): Promise<readonly [matched: number, done: number]> {
  const answer = await changing;
  assert.ok('done' in answer);
  return [answer.matched, answer.done];
}
