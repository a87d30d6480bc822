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
  type Piece,
  type PieceKey,
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
  /** The same from when the whole request was there: one that had to wait for its turn has less time left. */
  readonly answerMsMax: number;
  /** Pieces the store was asked for and has not answered, all requests together. */
  readonly piecesInFlightMax: number;
  readonly retryAfterMs: number;
  /** While the store is silent, so often one piece is sent to it, to find out whether it is still. */
  readonly silentProbeMs: number;
  readonly wakesInFlightMax: number;
}

/** 700 ms: with what surrounds it, on a busy machine too, a caller has an answer within a second. 2,000: half of the 4,096 answers a lane remembers. */
export const APPEND_LIMITS: AppendLimits = {
  requestMsMax: 700,
  answerMsMax: 950,
  piecesInFlightMax: 2000,
  retryAfterMs: 50,
  silentProbeMs: 100,
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
  /** A piece is stored, but not as safely as it has to be. */
  readonly onNotReplicated?: () => void;
}

export interface RequestToAppend {
  readonly connectionId: string;
  /** Those of the connection. */
  readonly settings: AppendSettings;
  /** Unique to the request, and the reference of its receipt unless it wants none, or came before under its key. */
  readonly ownRef: string;
  readonly wantsReceipt: boolean;
  readonly receiptIdOf: (receiptRef: string | null) => string | null;
  /** The pieces, with entries of that receipt: the same ones whenever the same body is sent. */
  readonly plan: (receiptRef: string | null) => readonly Piece[];
  readonly key: Omit<PieceKey, 'owner' | 'nth'> | null;
  readonly rejected: readonly RejectedEntry[];
  /** Found within the request. */
  readonly duplicates: number;
  /** For its turn. */
  readonly waitedMs: number;
}

export type AppendOutcome =
  | Stored
  /** Pieces before the refused one are stored; the caller was promised nothing. */
  | { readonly status: 'full' | 'connection-missing' | 'too-many-connections'; readonly pending: number }
  | Extract<AppendResult, { status: 'in-progress' | 'key-reused' | 'not-replicated' }>
  | Unstored;

export interface Stored {
  readonly status: 'stored';
  readonly appended: number;
  readonly receiptRef: string | null;
  /** It was stored already, when it came under its key before. */
  readonly replayed: boolean;
  readonly keptMs: number | null;
}

/** A piece before it has its number. */
export type PieceToAppend = Omit<AppendPiece, 'lane' | 'sequence'>;

export type PieceOutcome = AppendResult | Unstored;

/** The store was not asked, or did not answer; store-full: it has no memory left. */
type Unstored = { readonly status: 'busy' | 'late' | 'failed' | 'store-full' };

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
    if (result.status === 'not-replicated') parts.onNotReplicated?.();
    const stored = result.status === 'not-replicated' ? result.stored : result;
    if ('appended' in stored && stored.wakeAtMs !== null) wake(piece.connectionId, stored.wakeAtMs);
    return result;
  }
  const append: Appender['append'] = (request) => appendRequest(request, appendPiece, msMaxOf(request, parts.limits));
  return { appendPiece, append };
}

function msMaxOf({ waitedMs }: RequestToAppend, { requestMsMax, answerMsMax }: AppendLimits): number {
  return Math.min(requestMsMax, answerMsMax - waitedMs);
}

async function appendRequest(
  request: RequestToAppend,
  appendPiece: Appender['appendPiece'],
  requestMsMax: number,
): Promise<AppendOutcome> {
  const until = performance.now() + requestMsMax;
  let receiptRef = request.wantsReceipt ? request.ownRef : null;
  let pieces = request.plan(receiptRef);
  let [appended, nth, keptMs, resumed] = [0, 0, null as number | null, false];
  while (nth < pieces.length) {
    const piece = pieceOf(request, { piece: pieces[nth]!, nth, receiptRef });
    const result = await appendPiece(piece, until - performance.now());
    if (result.status === 'replayed') {
      const { keptMs: kept, receiptRef: first, appendedBefore } = result;
      return { status: 'stored', appended: appendedBefore, receiptRef: first, replayed: true, keptMs: kept };
    }
    if (result.status === 'resumed') {
      // Twice would mean that another one took it over in between; the caller may ask again.
      if (resumed) return { status: 'in-progress', forMs: requestMsMax, keptMs: result.keptMs };
      ({ appendedBefore: appended, pieces: nth, receiptRef } = result);
      resumed = true;
      pieces = request.plan(receiptRef);
      // Who stored the last entries died before he could say that they were the last.
      if (nth >= pieces.length) pieces = [...pieces.slice(0, nth), NOTHING_MORE];
      continue;
    }
    if (!('appended' in result)) return result;
    appended += result.appended;
    keptMs = result.keptMs ?? keptMs;
    nth++;
  }
  return { status: 'stored', appended, receiptRef, replayed: false, keptMs };
}

const NOTHING_MORE: Piece = { groups: [], last: true, roomFor: 0 };

function pieceOf(
  { connectionId, settings, receiptIdOf, rejected, duplicates, key, ownRef: owner }: RequestToAppend,
  { piece, nth, receiptRef }: { readonly piece: Piece; readonly nth: number; readonly receiptRef: string | null },
): PieceToAppend {
  const refused = nth === 0 ? rejected : [];
  return {
    ...settings,
    ...piece,
    connectionId,
    receiptId: receiptIdOf(receiptRef),
    rejected: refused.length,
    duplicates: nth === 0 ? duplicates : 0,
    rejectedEntries: refused.slice(0, RECEIPT_ENTRIES_MAX),
    ...(key !== null && { key: { ...key, owner, nth } }),
  };
}

/** The store's answer, or why there is none in time. A piece given up counts as in flight until the store has let it go. */
function boundAppends({
  store,
  limits,
  onError,
}: AppendParts): (piece: AppendPiece, withinMs: number) => Promise<AppendResult | Unstored> {
  let inFlight = 0;
  const silence = watchSilence(limits);

  async function ask(piece: AppendPiece, isLate: () => boolean): Promise<AppendResult | Unstored> {
    inFlight++;
    try {
      const result = await store.append(piece).catch(async (error: unknown) => {
        if (isOutOfMemory(error)) throw error;
        await pause(limits.retryAfterMs);
        if (isLate()) throw error;
        return store.append(piece);
      });
      silence.end();
      return result;
    } catch (error) {
      onError(error);
      // Who cannot be reached for one cannot be reached for the next; what was answered, even with an error, can.
      if (!isReply(error) && !isOutOfMemory(error)) silence.begin();
      return { status: isOutOfMemory(error) ? 'store-full' : 'failed' };
    } finally {
      inFlight--;
    }
  }

  return async (piece, withinMs) => {
    if (withinMs <= 0) return { status: 'late' };
    if (inFlight >= limits.piecesInFlightMax) return { status: 'busy' };
    if (!silence.mayAsk()) return { status: 'late' };
    const { promise: late, resolve } = Promise.withResolvers<Unstored>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      // A last piece that had little time left says nothing of the store.
      if (withinMs >= limits.requestMsMax / 2) silence.begin();
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

/**
 * A store that let one request wait in vain, or could not be reached, would do so with the next one. So from the first on that was late, callers
 * are told at once, and only now and then one finds out whether the store answers again.
 */
function watchSilence({ silentProbeMs }: AppendLimits) {
  let silent = false;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    begin: () => {
      silent = true;
    },
    end: () => {
      silent = false;
    },
    mayAsk: () => {
      const now = performance.now();
      if (silent && now - askedAtMs < silentProbeMs) return false;
      askedAtMs = now;
      return true;
    },
  };
}

/** Redis itself said that it failed. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What Redis says when a write would take it over maxmemory; nothing was written then. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.includes('OOM ');
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
