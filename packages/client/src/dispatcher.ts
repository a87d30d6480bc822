/*
  What is tracked, from the buffer to the intake's answer. Everything that can move things on (an activity, an answer, a
  moment) ends in `pump`, which expires what met its deadline, lets in what waited for room, and starts the requests that
  are due; then it sleeps until the next moment. Every activity is settled exactly once: stored, refused or expired.
*/
import type { Tracked } from './activity.ts';
import { Fifo } from './fifo.ts';
import {
  type Batch,
  dropSettled,
  type Entry,
  halveBatch,
  isIdle,
  type Lane,
  openLane,
  takeBatch,
  whenDueMs,
} from './lane.ts';
import type { Answer } from './read-answer.ts';
import { retryDelayMs } from './retry.ts';
import { sendBatch } from './send-batch.ts';
import type { Settings } from './settings.ts';
import { errorOfRefusal, errorOfRejection, SluiceError } from './sluice-error.ts';

interface Flush {
  readonly upTo: number;
  left: number;
  readonly resolve: () => void;
}

export class Dispatcher {
  readonly #settings: Settings;
  readonly #lanes = new Map<string, Lane>();
  /** Everything that is not settled, oldest first: the next deadline is that of the first. */
  readonly #open = new Set<Entry>();
  readonly #waiting = new Fifo<Entry>();
  readonly #roomWanted = new Fifo<() => void>();
  readonly #flushes = new Set<Flush>();
  readonly #stop = new AbortController();
  #buffered = 0;
  #waitingCount = 0;
  #inFlight = 0;
  #flushed = 0;
  #isPumpAsked = false;
  #cancelTimer: () => void = () => undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** False: the buffer is full, and so is the queue before it. */
  hasPlace(): boolean {
    return this.#waitingCount < this.#settings.bufferActivitiesMax;
  }

  add(entry: Entry): void {
    this.#open.add(entry);
    if (this.#hasRoom()) this.#buffer(entry);
    else {
      this.#waiting.push(entry);
      this.#waitingCount++;
    }
    this.#askPump();
  }

  room(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#roomWanted.push(resolve));
  }

  /** Resolves when everything up to this sequence is settled. */
  flush(upTo: number): Promise<void> {
    const left = this.#open.size;
    if (left === 0) return Promise.resolve();
    this.#flushed = Math.max(this.#flushed, upTo);
    return new Promise((resolve) => {
      this.#flushes.add({ upTo, left, resolve });
      this.#askPump();
    });
  }

  /** Settles everything that is open, and cuts off what is under way. */
  abandon(reason: { readonly code: string; readonly message: string }): void {
    for (const entry of this.#open) {
      this.#refuse(entry, new SluiceError({ ...reason, stored: entry.sent ? 'unknown' : 'no' }));
    }
    this.#stop.abort(new Error(reason.message));
    this.#askPump();
  }

  #hasRoom(): boolean {
    return this.#waitingCount === 0 && this.#buffered < this.#settings.bufferActivitiesMax;
  }

  #buffer(entry: Entry): void {
    const { connection } = entry.activity;
    const lane = this.#lanes.get(connection) ?? openLane(connection);
    this.#lanes.set(connection, lane);
    entry.state = 'buffered';
    this.#buffered++;
    lane.entries.push(entry);
    lane.bytes += entry.bytes;
  }

  /** Once for all that is tracked in the same turn. */
  #askPump(): void {
    if (this.#isPumpAsked) return;
    this.#isPumpAsked = true;
    queueMicrotask(() => {
      this.#isPumpAsked = false;
      this.#pump();
    });
  }

  #pump(): void {
    const nowMs = this.#settings.clock.nowMs();
    this.#expire(nowMs);
    this.#admit();
    let due = this.#firstDue();
    while (due !== null && due.atMs <= nowMs && this.#inFlight < this.#settings.requestsInFlightMax) {
      const batch = takeBatch(due.lane, this.#settings, this.#settings.newId);
      if (batch !== null) this.#start(due.lane, batch);
      due = this.#firstDue();
    }
    for (const [connection, lane] of this.#lanes) if (isIdle(lane)) this.#lanes.delete(connection);
    this.#sleep(due?.atMs ?? null, nowMs);
  }

  #expire(nowMs: number): void {
    for (const entry of this.#open) {
      if (entry.deadlineMs > nowMs) break;
      this.#refuse(entry, this.#lateError(entry));
    }
    for (const lane of this.#lanes.values()) dropSettled(lane);
  }

  #lateError({ sent, problem }: Entry): SluiceError {
    const why = problem === null ? '' : ` The last answer: ${problem.detail}`;
    const message = `The intake did not confirm it within ${this.#settings.deadlineMs} ms.${why}`;
    return new SluiceError({ code: 'deadline_exceeded', message, stored: sent ? 'unknown' : 'no', problem });
  }

  #admit(): void {
    while (this.#buffered < this.#settings.bufferActivitiesMax) {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      if (entry.state !== 'waiting') continue;
      this.#waitingCount--;
      this.#buffer(entry);
    }
    let room = this.#settings.bufferActivitiesMax - this.#buffered - this.#waitingCount;
    for (; room > 0 && this.#roomWanted.length > 0; room--) this.#roomWanted.shift()?.();
  }

  /** The lane that may send next, and when. */
  #firstDue(): { readonly lane: Lane; readonly atMs: number } | null {
    let first: { readonly lane: Lane; readonly atMs: number } | null = null;
    for (const lane of this.#lanes.values()) {
      const atMs = whenDueMs(lane, this.#settings, this.#flushed);
      if (atMs !== null && (first === null || atMs < first.atMs)) first = { lane, atMs };
    }
    return first;
  }

  #start(lane: Lane, batch: Batch): void {
    this.#inFlight++;
    lane.inFlight++;
    batch.tries++;
    for (const entry of batch.entries) entry.sent = true;
    // Behind those that are due at the same moment: no connection keeps the turn for itself.
    this.#lanes.delete(lane.connection);
    this.#lanes.set(lane.connection, lane);
    void sendBatch(batch, this.#settings, this.#stop.signal).then((answer) => {
      this.#inFlight--;
      lane.inFlight--;
      this.#take(lane, batch, answer);
      this.#pump();
    });
  }

  #take(lane: Lane, batch: Batch, answer: Answer): void {
    lane.failing = answer.kind === 'later';
    switch (answer.kind) {
      case 'stored':
        this.#settleStored(batch, answer);
        break;
      case 'refused':
        this.#settleRefused(batch, answer);
        break;
      case 'halve':
        lane.again.push(...halveBatch(batch, this.#settings.newId));
        break;
      case 'later':
        this.#postpone(lane, batch, answer);
        break;
      default:
        answer satisfies never;
    }
  }

  #postpone(lane: Lane, batch: Batch, { retryAfterMs, problem }: Extract<Answer, { kind: 'later' }>): void {
    const delayMs = retryDelayMs({ tries: batch.tries, retryAfterMs }, this.#settings);
    lane.closedUntilMs = Math.max(lane.closedUntilMs, this.#settings.clock.nowMs() + delayMs);
    for (const entry of batch.entries) entry.problem = problem;
    lane.again.push(batch);
    const { connection, entries } = batch;
    tell(this.#settings.onPostponed, { connection, activities: entries.length, problem, delayMs });
  }

  #settleRefused({ entries }: Batch, { problem, rejected }: Extract<Answer, { kind: 'refused' }>): void {
    const blamed = new Map(rejected.map((rejection) => [rejection.index, rejection]));
    for (const [index, entry] of entries.entries()) {
      const rejection = blamed.get(index);
      this.#refuse(entry, rejection === undefined ? errorOfRefusal(problem) : errorOfRejection(rejection, problem));
    }
  }

  #settleStored({ connection, entries }: Batch, stored: Extract<Answer, { kind: 'stored' }>): void {
    const { receiptId, accepted, duplicates, rejected } = stored;
    const refused = new Map(rejected.map((rejection) => [rejection.index, rejection]));
    for (const [index, entry] of entries.entries()) {
      const rejection = refused.get(index);
      if (rejection === undefined) this.#resolve(entry, { id: entry.id, connection, receiptId });
      else this.#refuse(entry, errorOfRejection(rejection, null));
    }
    tell(this.#settings.onStored, { connection, receiptId, accepted, duplicates, rejected: rejected.length });
  }

  #resolve(entry: Entry, tracked: Tracked): void {
    if (!this.#end(entry)) return;
    entry.resolve(tracked);
  }

  #refuse(entry: Entry, error: SluiceError): void {
    if (!this.#end(entry)) return;
    entry.reject(error);
    tell(this.#settings.onRejected, entry.activity, error);
  }

  /** False: it had ended before. */
  #end(entry: Entry): boolean {
    if (entry.state === 'settled') return false;
    if (entry.state === 'buffered') this.#buffered--;
    else this.#waitingCount--;
    entry.state = 'settled';
    this.#open.delete(entry);
    for (const flush of this.#flushes) {
      if (entry.sequence > flush.upTo || --flush.left > 0) continue;
      this.#flushes.delete(flush);
      flush.resolve();
    }
    return true;
  }

  /** With all requests under way only a deadline can come before an answer. */
  #sleep(dueMs: number | null, nowMs: number): void {
    this.#cancelTimer();
    const deadlineMs = this.#open.values().next().value?.deadlineMs ?? null;
    const moments = [this.#inFlight < this.#settings.requestsInFlightMax ? dueMs : null, deadlineMs];
    const atMs = Math.min(...moments.map((moment) => moment ?? Number.POSITIVE_INFINITY));
    this.#cancelTimer =
      atMs === Number.POSITIVE_INFINITY
        ? () => undefined
        : this.#settings.clock.after(atMs - nowMs, () => this.#askPump());
  }
}

/** A callback of the application: what it throws is the application's to see, and does not stop the client. */
function tell<A extends readonly unknown[]>(callback: ((...args: A) => void) | undefined, ...args: A): void {
  if (callback === undefined) return;
  try {
    callback(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
