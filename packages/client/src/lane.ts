/* What waits for one connection, and how it becomes requests. A request is filled only when it may be sent. */
import type { Activity, Tracked } from './activity.ts';
import { Fifo } from './fifo.ts';
import type { EncodedBody } from './send-batch.ts';
import type { Problem, SluiceError } from './sluice-error.ts';
import type { TraceHeaders } from './trace.ts';

export interface Entry {
  readonly sequence: number;
  readonly activity: Activity;
  readonly id: string;
  readonly json: string;
  /** Of the JSON, with the comma behind it. */
  readonly bytes: number;
  readonly trackedMs: number;
  readonly deadlineMs: number;
  readonly trace: TraceHeaders;
  readonly resolve: (tracked: Tracked) => void;
  readonly reject: (error: SluiceError) => void;
  /** Where it is; what is settled may still be part of a request under way. */
  state: 'waiting' | 'buffered' | 'settled';
  /** Whether a try that may have stored it was begun. */
  sent: boolean;
  /** Of the last try that said nothing either way. */
  problem: Problem | null;
}

export interface Batch {
  readonly connection: string;
  readonly key: string;
  readonly entries: readonly Entry[];
  readonly text: string;
  readonly bytes: number;
  /** Of its first activity: a request has one parent. */
  readonly trace: TraceHeaders;
  tries: number;
  encoded?: Promise<EncodedBody>;
}

export interface Lane {
  readonly connection: string;
  readonly entries: Fifo<Entry>;
  /** Of the entries. */
  bytes: number;
  /** Batches that are sent again, before anything new. */
  readonly again: Batch[];
  inFlight: number;
  /** Nothing is sent before. */
  closedUntilMs: number;
  /** The last try went wrong: one request at a time finds out whether it works again. */
  failing: boolean;
}

export interface BatchLimits {
  readonly lingerMs: number;
  readonly batchActivitiesMax: number;
  readonly batchBytesMax: number;
}

const HEAD = '{"activities":[';
const TAIL = ']}';
export const FRAME_BYTES = HEAD.length + TAIL.length;

export function openLane(connection: string): Lane {
  const entries = new Fifo<Entry>();
  return { connection, entries, bytes: 0, again: [], inFlight: 0, closedUntilMs: 0, failing: false };
}

export function isIdle({ entries, again, inFlight }: Lane): boolean {
  return entries.length === 0 && again.length === 0 && inFlight === 0;
}

/** Forgets what met its deadline before it could be sent (again), so that a closed lane holds nothing for nobody. */
export function dropSettled(lane: Lane): void {
  const { entries, again } = lane;
  for (let oldest = entries.peek(); oldest?.state === 'settled'; oldest = entries.peek()) {
    entries.shift();
    lane.bytes -= oldest.bytes;
  }
  if (again.every(isOpen)) return;
  again.splice(0, again.length, ...again.filter(isOpen));
}

function isOpen({ entries }: Batch): boolean {
  return entries.some(({ state }) => state !== 'settled');
}

/** When the lane has a request to send; null: it has none. `flushed`: entries up to this sequence do not linger. */
export function whenDueMs(lane: Lane, limits: BatchLimits, flushed: number): number | null {
  const { entries, again, closedUntilMs } = lane;
  if (lane.failing && lane.inFlight > 0) return null;
  if (again.length > 0) return closedUntilMs;
  const oldest = entries.peek();
  if (oldest === undefined) return null;
  const full = entries.length >= limits.batchActivitiesMax || lane.bytes + FRAME_BYTES >= limits.batchBytesMax;
  const readyMs = full || oldest.sequence <= flushed ? 0 : oldest.trackedMs + limits.lingerMs;
  return Math.max(closedUntilMs, readyMs);
}

/** The next request. Null: all that waited has met its deadline. */
export function takeBatch(lane: Lane, limits: BatchLimits, newKey: () => string): Batch | null {
  const batch = lane.again.shift();
  if (batch !== undefined) return batch;
  const entries: Entry[] = [];
  let bytes = FRAME_BYTES;
  for (let next = lane.entries.peek(); next !== undefined; next = lane.entries.peek()) {
    const fits = entries.length < limits.batchActivitiesMax && bytes + next.bytes <= limits.batchBytesMax;
    if (next.state !== 'settled' && !fits) break;
    lane.entries.shift();
    lane.bytes -= next.bytes;
    if (next.state === 'settled') continue;
    bytes += next.bytes;
    entries.push(next);
  }
  return entries.length === 0 ? null : makeBatch(lane.connection, entries, newKey());
}

export function makeBatch(connection: string, entries: readonly Entry[], key: string): Batch {
  const text = `${HEAD}${entries.map(({ json }) => json).join(',')}${TAIL}`;
  return { connection, key, entries, text, bytes: Buffer.byteLength(text), trace: entries[0]?.trace ?? {}, tries: 0 };
}

/** Two batches of what is still open; each with a key of its own, because each has a body of its own. */
export function halveBatch({ connection, entries }: Batch, newKey: () => string): readonly Batch[] {
  const open = entries.filter(({ state }) => state !== 'settled');
  const middle = Math.ceil(open.length / 2);
  return [open.slice(0, middle), open.slice(middle)]
    .filter((half) => half.length > 0)
    .map((half) => makeBatch(connection, half, newKey()));
}
