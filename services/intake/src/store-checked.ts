/* append, for a request that was checked whole: refuses what must not be stored now, and stores the rest in pieces. */
import {
  type AcceptedActivity,
  type CheckedBody,
  type DedupeSettings,
  planPieces,
  receiptIdOf as receiptIdOfShard,
} from '@sluice/core';
import { ProblemError } from '@sluice/http';
import type { Metrics } from '@sluice/telemetry';
import { refuseAppend, refuseDurability, storeUnavailable } from './answer-append.ts';
import type { Appender, AppendSettings, Stored } from './append-request.ts';
import type { DurabilityPromise } from './promise-durability.ts';
import type { RememberAs } from './remember-as.ts';
import type { RequestKey } from './request-key.ts';

export interface StoreParts extends Appender {
  readonly rememberAs: RememberAs;
  /** Null while the store has not been reached. */
  readonly durability: () => DurabilityPromise | null;
  /** RECEIPT_REF_LENGTH characters that nobody can guess. */
  readonly receiptRef: () => string;
  readonly shardTag: string;
  readonly idempotency: {
    readonly windowMs: number;
    readonly keysMax: number;
    /** How lines of a stream that has a key are remembered, also where ids are not. */
    readonly lines: DedupeSettings;
  };
  readonly metrics: Pick<Metrics, 'entriesRejected'>;
}

export interface StoredRequest extends Pick<Stored, 'appended' | 'replayed' | 'keptMs'> {
  readonly receiptId: string | null;
  /** What the answer may say of durability. */
  readonly durability: string;
}

/** Throws a ProblemError when not all of it is stored. */
export async function storeChecked(
  parts: StoreParts,
  target: { readonly connectionId: string; readonly settings: AppendSettings; readonly key: RequestKey | null },
  { accepted, rejected, duplicates }: CheckedBody,
): Promise<StoredRequest> {
  const durability = promiseOrThrow(parts);
  const { connectionId, settings, key } = target;
  const rememberAs = (one: AcceptedActivity) => parts.rememberAs(connectionId, one);
  const receiptIdOf = (ref: string | null) => (ref === null ? null : receiptIdOfShard(parts.shardTag, ref));
  const outcome = await parts.append({
    connectionId,
    settings,
    receiptRef: parts.receiptRef(),
    receiptIdOf,
    plan: (receiptRef) => planPieces({ accepted, receiptRef, rememberAs }),
    key: key === null ? null : { ...key, ...keyLimitsOf(parts) },
    rejected,
    duplicates,
  });
  if (outcome.status !== 'stored') throw new ProblemError(refuseAppend(outcome));
  const { appended, replayed, keptMs, receiptRef } = outcome;
  return { receiptId: receiptIdOf(receiptRef), appended, replayed, keptMs, durability };
}

export function keyLimitsOf({ idempotency: { windowMs, keysMax } }: Pick<StoreParts, 'idempotency'>) {
  return { windowMs, keysMax };
}

/** What may be promised now; throws when that is less than was set. */
export function promiseOrThrow(parts: Pick<StoreParts, 'durability'>): string {
  const durability = parts.durability();
  if (durability === null) throw new ProblemError(storeUnavailable());
  if (!durability.kept) throw new ProblemError(refuseDurability());
  return durability.header;
}
