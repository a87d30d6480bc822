/*
  Takes one performer out of every connection, one after the other: a walk, and where entries were in calls meanwhile another
  when those have ended. Nothing is held up by it but what one step of the store takes; whoever asks for it again loses nothing.
*/
import type { ActivityStore, DrainScheduler, ErasedEntries, ErasureResult, ErasureStep } from '@sluice/core';
import { closeGapsOf } from './close-gaps.ts';

export interface WalkParts {
  readonly store: Pick<ActivityStore, 'connectionIds' | 'erase' | 'endErasure' | 'closeGaps'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly settingsOf: (connectionId: string) => ErasureSettings;
  /** Resolves after that time, or at once when it is aborted. */
  readonly wait: (ms: number, stop: AbortSignal) => Promise<void>;
}

export interface ErasureSettings
  extends Pick<ErasureStep, 'deadLettersMax' | 'entriesMax' | 'unknownPolicy' | 'receiptTtlMs'> {
  /** SLUICE_LEASE_MS: after it a call of a worker that stopped is nobody's any more. */
  readonly leaseMs: number;
}

/** How far it came, written while it goes. */
export interface Tally {
  connections: number;
  connectionsDone: number;
  erased: ErasedEntries;
  /** The performer's entries in calls that had not ended when their connection was left. */
  inFlight: number;
}

export function emptyTally(): Tally {
  return { connections: 0, connectionsDone: 0, erased: { pending: 0, dead: 0, parked: 0 }, inFlight: 0 };
}

const LOOK_AGAIN_MS = 500;
const TRY_AGAIN_MS = 1000;
const TRIES_MAX = 60;
/** Other performers are being erased: as many as may be at a time. */
const BUSY_LOOKS_MAX = 120;

/** False: something of the performer may be left. */
export async function walkConnections(
  parts: WalkParts,
  performerId: string,
  tally: Tally,
  stop: AbortSignal,
): Promise<boolean> {
  let nothingIsLeft = true;
  const ids = await parts.store.connectionIds();
  tally.connections = ids.length;
  for (const connectionId of [...ids].sort()) {
    if (stop.aborted) return false;
    let [before, last] = [tally.erased, emptyTally().erased];
    const left = await walkUntilNoneIsLeft(parts, { connectionId, performerId }, stop, (erased) => {
      // Less than before: the mark was set anew, and counts from nothing.
      if (sum(erased) < sum(last)) before = add(before, last);
      last = erased;
      tally.erased = add(before, last);
    });
    tally.inFlight += left;
    if (left > 0) nothingIsLeft = false;
    if (!(await closeGapsOf(connectionId, parts.store.closeGaps, stop))) nothingIsLeft = false;
    if (!stop.aborted) tally.connectionsDone += 1;
    await parts.store.endErasure(connectionId, performerId);
  }
  return nothingIsLeft && !stop.aborted;
}

type Erase = Pick<ErasureStep, 'connectionId' | 'performerId'>;

/** Answers how many are in calls that did not end in a time in which every call does. */
async function walkUntilNoneIsLeft(
  parts: WalkParts,
  erase: Erase,
  stop: AbortSignal,
  told: (erased: ErasedEntries) => void,
): Promise<number> {
  const looksMax = Math.ceil((2 * parts.settingsOf(erase.connectionId).leaseMs) / LOOK_AGAIN_MS);
  let inFlight = 0;
  for (let look = 0; look < looksMax && !stop.aborted; look++) {
    // The first walk goes to its end: what waits is gone at once, whatever is in calls.
    inFlight = await walkOnce(parts, erase, { stop, told, goesOn: look === 0 });
    if (inFlight === 0) return 0;
    await parts.wait(LOOK_AGAIN_MS, stop);
  }
  return inFlight;
}

interface Walk {
  readonly stop: AbortSignal;
  readonly told: (erased: ErasedEntries) => void;
  /** Also when some are in flight, so that there must be another walk. */
  readonly goesOn: boolean;
}

async function walkOnce(parts: WalkParts, erase: Erase, { stop, told, goesOn }: Walk): Promise<number> {
  const { leaseMs, ...settings } = parts.settingsOf(erase.connectionId);
  let cursor: string | null = null;
  let inFlight = 0;
  let busy = 0;
  do {
    const result: ErasureResult = await askedAgain(parts, stop, () =>
      parts.store.erase({ ...settings, ...erase, cursor }),
    );
    if (result.status === 'busy') {
      if (++busy > BUSY_LOOKS_MAX) throw new Error('too many performers are being erased on this connection');
      await parts.wait(LOOK_AGAIN_MS, stop);
      continue;
    }
    if (result.status === 'lapsed') {
      cursor = null;
      inFlight = 0;
      continue;
    }
    told(result.erased);
    inFlight += result.inFlight;
    cursor = result.cursor;
    if (result.wakeAtMs !== null) await parts.scheduler.wake(erase.connectionId, result.wakeAtMs);
    if (cursor === null || (inFlight > 0 && !goesOn)) return inFlight;
  } while (!stop.aborted);
  return inFlight;
}

/** A step does once what it is asked for twice, so a Redis that is away for a while only makes the walk longer. */
async function askedAgain<T>({ wait }: WalkParts, stop: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES_MAX || stop.aborted) throw error;
      await wait(TRY_AGAIN_MS, stop);
    }
  }
}

function sum({ pending, dead, parked }: ErasedEntries): number {
  return pending + dead + parked;
}

function add(a: ErasedEntries, b: ErasedEntries): ErasedEntries {
  return { pending: a.pending + b.pending, dead: a.dead + b.dead, parked: a.parked + b.parked };
}
