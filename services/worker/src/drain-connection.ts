/*
  batch: one worker's turn at a connection. Takes while the quota grants calls, for a slice, and then ends: it never waits for
  its calls, which belong to the worker, and never sleeps longer than its slice. Whoever must look next is woken by a job.
*/
import type { Lease, TakeRefusal, TakeResult } from '@sluice/core';
import type { Calls } from './calls.ts';

export interface DrainParts {
  /** Asks the store for a batch; a new lease id each time. */
  readonly take: (connectionId: string) => Promise<TakeResult>;
  readonly deliver: (connectionId: string, lease: Lease) => Promise<void>;
  readonly wake: (connectionId: string, atMs: number) => Promise<void>;
  readonly spread: (connectionId: string) => Promise<void>;
  readonly calls: Calls;
  readonly stopping: () => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

export const SLICE_MS = 1000;
/** Takes on their way at once: their answers are waited for together. */
const TAKES_MAX = 8;
/** Waits that fit into a fresh slice, less what its first take needs. */
const QUOTA_WAIT_MS = 900;
/** A Retry-After with decimals; longer closures put the connection to sleep. */
const CLOSED_WAIT_MS = 250;
/** Another worker's call may end unseen: look again after this. */
const IN_FLIGHT_LOOK_MS = 50;
/** The store's clock, long gone: a wake-up for now. */
const NOW = 0;

export async function drainConnection(connectionId: string, parts: DrainParts): Promise<void> {
  const { calls, clock, stopping } = parts;
  const endsAt = clock() + SLICE_MS;
  let pace = SLOW;
  let spread = false;
  while (clock() < endsAt && !stopping()) {
    const room = await calls.reserve({ most: pace.takes, withinMs: Math.max(0, endsAt - clock()) });
    if (room === 0) continue;
    const refusal = await takeInto(connectionId, room, parts);
    pace = paceAfter(pace, refusal);
    if (refusal !== null) {
      const waitMs = waitWithin(refusal, endsAt - clock());
      if (waitMs === null) return wakeLater(connectionId, refusal, parts);
      await (refusal.reason === 'inflight' ? calls.ended(connectionId, waitMs) : parts.sleep(waitMs));
    } else if (calls.full && !spread) {
      // Work, a token and room in flight, but no room here: others may help.
      spread = true;
      await parts.spread(connectionId);
    }
  }
  await parts.wake(connectionId, NOW);
}

/** Asks for as many batches at once as there is room, and begins their calls. Answers the first refusal, if there was one. */
async function takeInto(connectionId: string, room: number, { take, deliver, calls }: DrainParts) {
  const asked = await Promise.allSettled(Array.from({ length: room }, () => take(connectionId)));
  const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const leases = taken.filter((one) => one.status === 'leased');
  // Whatever became of the others: what was leased goes out, or it would wait for its lease to end.
  for (const lease of leases) calls.begin(connectionId, () => deliver(connectionId, lease));
  calls.giveUp(room - leases.length);
  const failed = asked.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return taken.find((one) => one.status === 'waiting') ?? null;
}

interface Pace {
  /** Takes at once. */
  readonly takes: number;
  /** The last takes were all granted. */
  readonly granted: boolean;
}

/** As long as the quota refuses every second take or so, more than one at once would only be refused with it. */
const SLOW: Pace = { takes: 1, granted: false };

function paceAfter({ takes, granted }: Pace, refusal: TakeRefusal | null): Pace {
  if (refusal !== null) return SLOW;
  return { takes: granted ? Math.min(TAKES_MAX, takes * 2) : takes, granted: true };
}

/** How long to wait inside this slice; null: end the drain. */
function waitWithin(refusal: TakeRefusal, restMs: number): number | null {
  if (refusal.untilMs === null) return null;
  if (refusal.reason === 'inflight') return Math.min(IN_FLIGHT_LOOK_MS, Math.max(0, restMs));
  const waitMs = Math.max(0, refusal.untilMs - refusal.nowMs);
  return waitMs <= restMs && isWaitedFor(refusal, waitMs) ? waitMs : null;
}

/**
 * What comes soon is waited for in a slice, this one or its successor's: a timer of the queue is 50 to 90 ms late (Redis looks
 * at those who block ten times a second), which once a slice was a twentieth of the calls at 25/s.
 */
function isWaitedFor({ reason }: TakeRefusal, waitMs: number): boolean {
  return (reason === 'quota' && waitMs <= QUOTA_WAIT_MS) || (reason === 'closed' && waitMs <= CLOSED_WAIT_MS);
}

async function wakeLater(connectionId: string, refusal: TakeRefusal, parts: DrainParts): Promise<void> {
  const { untilMs, nowMs } = refusal;
  if (untilMs === null) return;
  await parts.wake(connectionId, isWaitedFor(refusal, untilMs - nowMs) ? NOW : untilMs);
}
