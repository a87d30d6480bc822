/* append, for a body of lines: one piece after another, all under one receipt, also when the stream came before under its key. */
import { type AcceptedActivity, planPieces, type RejectedEntry, receiptIdOf } from '@sluice/core';
import type { AppendSettings, PieceToAppend } from './append-request.ts';
import type { StreamKey } from './request-key.ts';
import { keyLimitsOf, promiseOrThrow, refusalOf, type StoreParts } from './store-checked.ts';

export interface AcceptedLine extends AcceptedActivity {
  readonly line: number;
}

/** What was decided since the last piece. */
export interface DecidedLines {
  readonly accepted: readonly AcceptedLine[];
  readonly rejected: number;
  readonly rejectedEntries: readonly RejectedEntry[];
  /** Everything up to this line is decided with it. */
  readonly lastLine: number;
  readonly last: boolean;
}

export interface LineStore {
  readonly receiptId: () => string | null;
  /** Whether the stream came before, and how far back keys are known; null: it has none. */
  readonly keyed: () => { readonly resumed: boolean; readonly keptMs: number | null };
  /** Throws a ProblemError when the piece is not stored. */
  readonly store: (
    lines: DecidedLines,
  ) => Promise<{ readonly appended: number; readonly duplicates: number; readonly durability: string }>;
}

export interface LineStoreTarget {
  readonly connectionId: string;
  readonly settings: AppendSettings;
  readonly key: StreamKey | null;
  readonly wantsReceipt: boolean;
}

export async function openLineStore(parts: StoreParts, target: LineStoreTarget): Promise<LineStore> {
  const { connectionId, settings, key, wantsReceipt } = target;
  const owner = parts.receiptRef();
  // A stream that came before goes on under its receipt; a store that cannot say so now says it with the first piece.
  const known = key === null ? null : await parts.receiptRefOfKey(connectionId, key.id).catch(() => null);
  let receiptRef = known ?? (wantsReceipt ? owner : null);
  let [resumed, keptMs] = [known !== null, null as number | null];
  const receiptId = () => (receiptRef === null ? null : receiptIdOf(parts.shardTagOf(connectionId), receiptRef));

  function rememberAs(one: AcceptedActivity): string | null {
    return parts.rememberAs(connectionId, one) ?? key?.lineId((one as AcceptedLine).line, one) ?? null;
  }

  function pieceOf({ accepted, ...lines }: DecidedLines): PieceToAppend {
    const [piece] = planPieces({ accepted, receiptRef, rememberAs });
    return {
      ...settings,
      ...lines,
      connectionId,
      receiptId: receiptId(),
      groups: piece!.groups,
      ...(key !== null && {
        dedupe: settings.dedupe ?? parts.idempotency.lines,
        key: { ...keyLimitsOf(parts), id: key.id, fingerprint: key.fingerprint, owner, nth: null },
      }),
    };
  }

  return {
    receiptId,
    keyed: () => ({ resumed, keptMs }),
    store: async (lines) => {
      const durability = promiseOrThrow(parts);
      let result = await parts.appendPiece(pieceOf(lines));
      if (result.status === 'resumed') {
        // All that is stored of the stream is told in the receipt of its first sending.
        ({ receiptRef } = result);
        resumed = true;
        result = await parts.appendPiece(pieceOf(lines));
      }
      if (result.status === 'resumed' || result.status === 'replayed') throw new Error('a stream has no such answer');
      if (!('appended' in result)) {
        throw await refusalOf(parts, { connectionId, settings, entries: lines.accepted.length }, result);
      }
      keptMs = result.keptMs ?? keptMs;
      return { appended: result.appended, duplicates: result.duplicates, durability };
    },
  };
}
