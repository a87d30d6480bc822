/*
  Who asked to be answered when all is delivered waits here. One loop asks for all of them together, one question after
  another and none while nobody waits: how many wait changes nothing about how often Redis is asked. Waiting ends with the
  receipt, with its time, when the caller goes away, and when the intake stops; and so many wait at most.
*/
import { type ActivityStore, RECEIPTS_WATCHED_MAX } from '@sluice/core';

export interface WaitLimits {
  readonly waitersMax: number;
  /** Between the answer to one question and the next. */
  readonly lookEveryMs: number;
}

export const WAIT_LIMITS: WaitLimits = { waitersMax: 1000, lookEveryMs: 100 };

export interface WaitParts {
  readonly store: Pick<ActivityStore, 'endedReceipts'>;
  readonly limits: WaitLimits;
  readonly isStopping: () => boolean;
  /** Told of what failed; who waits is not. */
  readonly onError: (error: unknown) => void;
}

/** ended: the receipt is final, or is not there. time: it is not yet. busy: too many wait already. */
export type WaitEnd = 'ended' | 'time' | 'busy';

export type AwaitReceipt = (receiptId: string, withinMs: number, gone: AbortSignal) => Promise<WaitEnd>;

interface Waiter {
  readonly receiptId: string;
  readonly end: (how: WaitEnd) => void;
}

export function createReceiptWaits(parts: WaitParts): AwaitReceipt {
  const { limits } = parts;
  const waiters = new Set<Waiter>();
  let looking = false;

  async function lookWhileAnybodyWaits(): Promise<void> {
    if (looking) return;
    looking = true;
    while (waiters.size > 0) {
      await lookOnce(parts, [...waiters]).catch(parts.onError);
      if (parts.isStopping()) for (const { end } of waiters) end('time');
      if (waiters.size > 0) await new Promise((resolve) => setTimeout(resolve, limits.lookEveryMs));
    }
    looking = false;
  }

  return async (receiptId, withinMs, gone) => {
    if (waiters.size >= limits.waitersMax) return 'busy';
    const { promise, resolve: end } = Promise.withResolvers<WaitEnd>();
    const waiter: Waiter = { receiptId, end };
    const timer = setTimeout(() => end('time'), withinMs);
    const leave = () => end('time');
    gone.addEventListener('abort', leave);
    waiters.add(waiter);
    void lookWhileAnybodyWaits();
    try {
      return await promise;
    } finally {
      waiters.delete(waiter);
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
    }
  };
}

async function lookOnce({ store }: WaitParts, waiters: readonly Waiter[]): Promise<void> {
  for (let from = 0; from < waiters.length; from += RECEIPTS_WATCHED_MAX) {
    const some = waiters.slice(from, from + RECEIPTS_WATCHED_MAX);
    const ended = new Set(await store.endedReceipts(some.map(({ receiptId }) => receiptId)));
    for (const { receiptId, end } of some) if (ended.has(receiptId)) end('ended');
  }
}
