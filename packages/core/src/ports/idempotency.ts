/*
  Idempotency-Keys: a request that is sent again under its key is stored once. The store remembers a key in the step that
  stores what it names, so neither a lost answer nor an intake that dies between two pieces can part them.

  Keys lie in generations by time, as ids do: each is remembered for windowMs at least and half as long again at most; over
  keysMax the oldest quarter goes, and keptMs says how far back every key is still known.
*/

/** Characters of a fingerprint: 64 bits in base64url. */
export const FINGERPRINT_LENGTH = 11;

export interface PieceKey {
  /** A number below 2^63 in decimal that stands for caller, path and key. */
  readonly id: string;
  /** FINGERPRINT_LENGTH characters that stand for what was sent. Of a stream: for its path alone, because nobody knows its lines yet. */
  readonly fingerprint: string;
  /** Who stores the request: RECEIPT_REF_LENGTH letters and digits that no other request has. */
  readonly owner: string;
  /**
   * Which piece of its request this is, from 0; null: one of a stream. Pieces are stored in order. While some are missing, the
   * owner has the request to itself until 1.5 s after its last piece; then whoever comes with the first piece takes it over
   * (`resumed`) and goes on where it stopped. A stream has no owner: each of its lines has an id of its own.
   */
  readonly nth: number | null;
  readonly windowMs: number;
  readonly keysMax: number;
}

export type KeyResult =
  /** All of it is stored already; `appended` as the first time. */
  | {
      readonly status: 'replayed';
      readonly appendedBefore: number;
      readonly receiptRef: string | null;
      readonly keptMs: number;
    }
  /** The first `pieces` are stored: go on behind them, with entries of that receipt. Nothing of the piece was stored. */
  | {
      readonly status: 'resumed';
      readonly appendedBefore: number;
      readonly pieces: number;
      readonly receiptRef: string | null;
      readonly keptMs: number;
    }
  /** Somebody else has it to himself, for so long yet. */
  | { readonly status: 'in-progress'; readonly forMs: number; readonly keptMs: number }
  /** Under this key something else was sent. */
  | { readonly status: 'key-reused'; readonly keptMs: number };

/** A key that came with a request to this connection. */
export interface SentKey extends Pick<PieceKey, 'id' | 'windowMs'> {
  readonly connectionId: string;
}

export interface IdempotencyStore {
  /** The receipt of the request that came under a key; null: the key is not remembered, or its request wanted no receipt. Reads only. */
  receiptRefOfKey(key: SentKey): Promise<string | null>;
  /** Whether anything of a request that came under a key is stored. Reads only. */
  isKeyRemembered(key: SentKey): Promise<boolean>;
}
