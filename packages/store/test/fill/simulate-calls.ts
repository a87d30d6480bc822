/*
  Lets simulated time pass over one contender: requests come, calls are made as soon as the contender allows them, and each is
  answered, with everything delivered, after the same time. Nobody asks before the moment that was named, so a contender
  that names a wrong one is late. Every call is checked: one item, no more than fits, no pair and no entry twice.
*/
import assert from 'node:assert/strict';
import { CALL_ENTRIES_MAX } from '@sluice/core';
import { drawArrivals } from './draw-arrivals.ts';
import { type Entry, REQUEST_EVERY_MS, type Shape } from './shapes.ts';

/** What decides which entries a call carries, and when one may be made. Times are simulated milliseconds from 0. */
export interface Contender {
  /** Answers by when take must be called because of these; null: no need. */
  append(atMs: number, entries: readonly Entry[]): Promise<number | null>;
  /** A call to make now, or when to ask again; null: not before something else happens. */
  take(atMs: number): Promise<Call | { readonly untilMs: number | null }>;
  /** The call was answered. Answers as append does. */
  settle(atMs: number, call: Call): Promise<number | null>;
  close(): Promise<void>;
}

export interface Call {
  readonly entries: readonly Entry[];
}

export interface Run {
  readonly arrived: readonly Entry[];
  /** By the entry's number; Infinity: not delivered by the end. */
  readonly deliveredMs: readonly number[];
  readonly calls: readonly { readonly atMs: number; readonly entries: number }[];
}

interface Answer {
  readonly atMs: number;
  readonly call: Call;
}

export async function simulateCalls(shape: Shape, seed: number, contender: Contender): Promise<Run> {
  const draw = drawArrivals(shape, seed);
  const [arrived, deliveredMs, calls]: [Entry[], number[], { atMs: number; entries: number }[]] = [[], [], []];
  const taken = new Set<number>();
  const answers: Answer[] = [];
  let requests = 0;
  let nextTakeMs = Number.POSITIVE_INFINITY;
  const wakeAt = (atMs: number | null) => {
    nextTakeMs = Math.min(nextTakeMs, atMs ?? Number.POSITIVE_INFINITY);
  };

  for (;;) {
    const answerMs = answers[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const requestMs = requests * REQUEST_EVERY_MS;
    const nowMs = Math.min(answerMs, requestMs, nextTakeMs);
    if (nowMs >= shape.endMs) return { arrived, deliveredMs, calls };
    if (answerMs === nowMs) {
      const { call } = answers.shift()!;
      for (const { number } of call.entries) deliveredMs[number] = nowMs;
      wakeAt(await contender.settle(nowMs, call));
    } else if (requestMs === nowMs) {
      const entries = draw(requests++);
      for (const entry of entries) {
        arrived.push(entry);
        deliveredMs.push(Number.POSITIVE_INFINITY);
      }
      if (entries.length > 0) wakeAt(await contender.append(nowMs, entries));
    } else {
      const result = await contender.take(nowMs);
      if ('entries' in result) {
        checkCall(result, taken);
        calls.push({ atMs: nowMs, entries: result.entries.length });
        answers.push({ atMs: nowMs + shape.answerMs, call: result });
      } else {
        assert.ok(result.untilMs === null || result.untilMs > nowMs, 'a refusal names a moment that has passed');
        nextTakeMs = result.untilMs ?? Number.POSITIVE_INFINITY;
      }
    }
  }
}

function checkCall({ entries }: Call, taken: Set<number>): void {
  assert.ok(entries.length > 0 && entries.length <= CALL_ENTRIES_MAX, `a call of ${entries.length} entries`);
  assert.equal(new Set(entries.map(({ item }) => item)).size, 1, 'a call for more than one item');
  assert.equal(new Set(entries.map(({ pair }) => pair)).size, entries.length, 'a pair twice in one call');
  for (const { number } of entries) {
    assert.ok(!taken.has(number), `entry ${number} was taken twice`);
    taken.add(number);
  }
}
