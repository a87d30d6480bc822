/*
  append: stores the pieces of one request, one after another, and says whether all of them are stored.

  What the intake promises about a Redis that is away or slow is decided here: an answer within a second and nothing kept
  in memory to be stored later. So a request has a deadline, pieces in flight have a maximum, and a piece whose answer was
  lost is asked for once more under its own number, which changes nothing if it was stored.
*/
import {
  type ActivityStore,
  type AppendPiece,
  type AppendResult,
  type DedupeSettings,
  type DrainScheduler,
  RECEIPT_ENTRIES_MAX,
  type RejectedEntry,
} from '@sluice/core';

export interface AppendSettings {
  readonly lingerMs: number;
  readonly entriesMax: number;
  readonly pendingMax: number;
  readonly connectionsMax: number;
  readonly receiptsMax: number;
  readonly receiptTtlMs: number;
  /** Absent: nothing is remembered. */
  readonly dedupe?: DedupeSettings;
}

export interface AppendLimits {
  /** From asking the store for the first piece of a request to giving up on the last, second tries included. */
  readonly requestMsMax: number;
  /** Pieces the store was asked for and has not answered, all requests together. */
  readonly piecesInFlightMax: number;
  readonly retryAfterMs: number;
  readonly wakesInFlightMax: number;
}

/** 900 ms: with what surrounds it, a caller has an answer within a second. 2,000: half of the 4,096 answers a lane remembers. */
export const APPEND_LIMITS: AppendLimits = {
  requestMsMax: 900,
  piecesInFlightMax: 2000,
  retryAfterMs: 50,
  wakesInFlightMax: 1000,
};

export interface AppendParts {
  readonly store: Pick<ActivityStore, 'append'>;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  /** One life of one intake process; with a sequence it names a piece. */
  readonly lane: string;
  readonly limits: AppendLimits;
  /** Told of what failed; no caller sees it. */
  readonly onError: (error: unknown) => void;
}

export interface RequestToAppend {
  readonly connectionId: string;
  /** Those of the connection. */
  readonly settings: AppendSettings;
  readonly receiptId: string;
  readonly pieces: readonly Pick<AppendPiece, 'groups' | 'last' | 'roomFor'>[];
  readonly rejected: readonly RejectedEntry[];
  /** Found within the request. */
  readonly duplicates: number;
}

export type AppendOutcome =
  | { readonly status: 'stored'; readonly appended: number }
  /** Pieces before the refused one are stored; the caller was promised nothing. */
  | { readonly status: 'full' | 'too-many-connections'; readonly pending: number }
  | { readonly status: 'busy' | 'late' | 'failed' };

/** A piece before it has its number. */
export type PieceToAppend = Omit<AppendPiece, 'lane' | 'sequence'>;

export type PieceOutcome = AppendResult | Unstored;

export interface Appender {
  /** One piece, for who has not got its whole request yet; msMax is a whole request's unless told. */
  readonly appendPiece: (piece: PieceToAppend, msMax?: number) => Promise<PieceOutcome>;
  readonly append: (request: RequestToAppend) => Promise<AppendOutcome>;
}

export function createAppender(parts: AppendParts): Appender {
  const { lane } = parts;
  const askInTime = boundAppends(parts);
  const wake = boundWakes(parts);
  let sequence = 0;
  async function appendPiece(piece: PieceToAppend, msMax = parts.limits.requestMsMax): Promise<PieceOutcome> {
    sequence++;
    const result = await askInTime({ ...piece, lane, sequence }, msMax);
    if ('appended' in result && result.wakeAtMs !== null) wake(piece.connectionId, result.wakeAtMs);
    return result;
  }
  async function append(request: RequestToAppend): Promise<AppendOutcome> {
    const { connectionId, settings, receiptId, pieces, rejected, duplicates } = request;
    const until = performance.now() + parts.limits.requestMsMax;
    let appended = 0;
    for (const [at, piece] of pieces.entries()) {
      const refused = at === 0 ? rejected : [];
      const asked = {
        ...settings,
        ...piece,
        connectionId,
        receiptId,
        rejected: refused.length,
        duplicates: at === 0 ? duplicates : 0,
        rejectedEntries: refused.slice(0, RECEIPT_ENTRIES_MAX),
      };
      const result = await appendPiece(asked, until - performance.now());
      if (!('appended' in result)) return result;
      appended += result.appended;
    }
    return { status: 'stored', appended };
  }
  return { appendPiece, append };
}

type Unstored = { readonly status: 'busy' | 'late' | 'failed' };

/** The store's answer, or why there is none in time. A piece given up counts as in flight until the store has let it go. */
function boundAppends({
  store,
  limits,
  onError,
}: AppendParts): (piece: AppendPiece, withinMs: number) => Promise<AppendResult | Unstored> {
  let inFlight = 0;

  async function ask(piece: AppendPiece, isLate: () => boolean): Promise<AppendResult | Unstored> {
    inFlight++;
    try {
      return await store.append(piece).catch(async (error: unknown) => {
        await pause(limits.retryAfterMs);
        if (isLate()) throw error;
        return store.append(piece);
      });
    } catch (error) {
      onError(error);
      return { status: 'failed' };
    } finally {
      inFlight--;
    }
  }

  return async (piece, withinMs) => {
    if (withinMs <= 0) return { status: 'late' };
    if (inFlight >= limits.piecesInFlightMax) return { status: 'busy' };
    const { promise: late, resolve } = Promise.withResolvers<Unstored>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      onError(new Error(`the store did not confirm a request within ${limits.requestMsMax} ms`));
      resolve({ status: 'late' });
    }, withinMs);
    try {
      return await Promise.race([ask(piece, () => isLate), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Not awaited by any answer: a lost wake-up is repaired, a slow one must not slow the caller. */
function boundWakes({ scheduler, limits, onError }: AppendParts): (connectionId: string, atMs: number) => void {
  let inFlight = 0;
  return (connectionId, atMs) => {
    if (inFlight >= limits.wakesInFlightMax) return;
    inFlight++;
    scheduler
      .wake(connectionId, atMs)
      .catch(onError)
      .finally(() => {
        inFlight--;
      });
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
