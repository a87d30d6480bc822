/* Idempotency-Keys that came lately, in generations by time. */
import type { AppendPiece, KeyResult, PieceKey } from '@sluice/core';
import type { KeyedRequest, KeyGeneration, Now, State } from './state.ts';

/** After its last piece a request is left to its owner for so long. */
const CLAIM_MS = 1500;

/** null: the piece is to be stored. */
export function checkKey(state: State, { key, receiptId }: AppendPiece, now: Now): KeyResult | null {
  if (key === undefined) return null;
  const known = findKey(state, key, now);
  if (known === undefined) return null;
  const keptMs = keptOf(state, key, now);
  const { receiptRef, appended: appendedBefore, open } = known;
  if (known.fingerprint !== key.fingerprint) return { status: 'key-reused', keptMs };
  if (key.nth === null) {
    return receiptRef === refOf(receiptId)
      ? null
      : { status: 'resumed', appendedBefore: 0, pieces: 0, receiptRef, keptMs };
  }
  if (open === null) return { status: 'replayed', appendedBefore, receiptRef, keptMs };
  if (open.owner === key.owner && open.pieces === key.nth) return null;
  if (open.owner !== key.owner && (key.nth !== 0 || open.untilMs > now.ms)) {
    return { status: 'in-progress', forMs: Math.max(0, open.untilMs - now.ms), keptMs };
  }
  known.open = { pieces: open.pieces, owner: key.owner, untilMs: now.ms + CLAIM_MS };
  return { status: 'resumed', appendedBefore, pieces: open.pieces, receiptRef, keptMs };
}

/** Answers how far back keys are remembered. */
export function rememberKey(state: State, piece: AppendPiece, appended: number, now: Now): number | null {
  const { key } = piece;
  if (key === undefined) return null;
  const known = findKey(state, key, now) ?? begin(state, piece, key, now);
  if (key.nth !== null) {
    known.appended += appended;
    known.open = piece.last ? null : { pieces: key.nth + 1, owner: key.owner, untilMs: now.ms + CLAIM_MS };
  }
  return keptOf(state, key, now);
}

function begin(state: State, { receiptId }: AppendPiece, key: PieceKey, now: Now): KeyedRequest {
  let generations = live(state, key, now);
  let last = generations.at(-1);
  if (last === undefined || now.ms - last.sinceMs >= key.windowMs / 2 || last.keys.size >= key.keysMax / 4) {
    last = { sinceMs: now.ms, lastMs: now.ms, keys: new Map() };
    generations = [...generations, last];
  }
  last.lastMs = now.ms;
  const request = { fingerprint: key.fingerprint, receiptRef: refOf(receiptId), appended: 0, open: null };
  last.keys.set(key.id, request);
  while (generations.length > 1 && sizeOf(generations) > key.keysMax) {
    state.keysCutMs = generations[0]!.lastMs;
    generations = generations.slice(1);
  }
  state.keyGenerations = generations;
  return request;
}

export function findKey(state: State, key: Pick<PieceKey, 'id' | 'windowMs'>, now: Now): KeyedRequest | undefined {
  return live(state, key, now)
    .map(({ keys }) => keys.get(key.id))
    .findLast((request) => request !== undefined);
}

function live({ keyGenerations }: State, { windowMs }: Pick<PieceKey, 'windowMs'>, now: Now): KeyGeneration[] {
  return keyGenerations.filter(({ lastMs }) => lastMs + windowMs > now.ms);
}

function keptOf({ keysCutMs }: State, { windowMs }: PieceKey, now: Now): number {
  return Math.max(0, Math.min(windowMs, now.ms - keysCutMs));
}

function sizeOf(generations: readonly KeyGeneration[]): number {
  return generations.reduce((sum, { keys }) => sum + keys.size, 0);
}

function refOf(receiptId: string | null): string | null {
  return receiptId === null ? null : receiptId.slice(-12);
}
