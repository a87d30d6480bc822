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
import { refuseAppend, refuseDurability, refuseFullStore, storeUnavailable } from './answer-append.ts';
import type { Appender, AppendOutcome, AppendSettings, Stored } from './append-request.ts';
import type { DurabilityPromise } from './promise-durability.ts';
import type { RememberAs } from './remember-as.ts';
import type { RequestKey } from './request-key.ts';
import type { Backlogs } from './watch-backlogs.ts';
import type { MemoryWatch } from './watch-memory.ts';

export interface StoreParts extends Appender {
  readonly rememberAs: RememberAs;
  /** Null while the store has not been reached. */
  readonly durability: () => DurabilityPromise | null;
  readonly backlogs: Backlogs;
  readonly memory: Pick<MemoryWatch, 'fullForS'>;
  /** RECEIPT_REF_LENGTH characters that nobody can guess. */
  readonly receiptRef: () => string;
  readonly shardTagOf: (connectionId: string) => string;
  readonly receiptRefOfKey: (connectionId: string, keyId: string) => Promise<string | null>;
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
  target: {
    readonly connectionId: string;
    readonly settings: AppendSettings;
    readonly key: RequestKey | null;
    readonly wantsReceipt: boolean;
    readonly waitedMs: number;
  },
  { accepted, rejected, duplicates }: CheckedBody,
): Promise<StoredRequest> {
  const durability = promiseOrThrow(parts);
  const { connectionId, settings, key, wantsReceipt, waitedMs } = target;
  const rememberAs = (one: AcceptedActivity) => parts.rememberAs(connectionId, one);
  const receiptIdOf = (ref: string | null) =>
    ref === null ? null : receiptIdOfShard(parts.shardTagOf(connectionId), ref);
  const outcome = await parts.append({
    connectionId,
    settings,
    ownRef: parts.receiptRef(),
    wantsReceipt,
    receiptIdOf,
    plan: (receiptRef) => planPieces({ accepted, receiptRef, rememberAs }),
    key: key === null ? null : { ...key, ...keyLimitsOf(parts) },
    rejected,
    duplicates,
    waitedMs,
  });
  if (outcome.status !== 'stored') throw await refusalOf(parts, { ...target, entries: accepted.length }, outcome);
  const { appended, replayed, keptMs, receiptRef } = outcome;
  return { receiptId: receiptIdOf(receiptRef), appended, replayed, keptMs, durability };
}

/** The refusal, with the time when there is room again where that is the matter. */
export async function refusalOf(
  parts: Pick<StoreParts, 'backlogs' | 'memory'>,
  target: { readonly connectionId: string; readonly settings: AppendSettings; readonly entries: number },
  outcome: Exclude<AppendOutcome, { readonly status: 'stored' }>,
): Promise<ProblemError> {
  const { settings, ...rest } = target;
  if (outcome.status !== 'full') return new ProblemError(refuseAppend(outcome, parts.memory.fullForS() ?? undefined));
  const full = { ...settings, ...rest, pending: outcome.pending };
  return new ProblemError(refuseAppend(outcome, await parts.backlogs.secondsUntilRoom(full)));
}

export function keyLimitsOf({ idempotency: { windowMs, keysMax } }: Pick<StoreParts, 'idempotency'>) {
  return { windowMs, keysMax };
}

/** What may be promised now; throws when that is less than was set, or when the store has no room to keep more. */
export function promiseOrThrow(parts: Pick<StoreParts, 'durability' | 'memory'>): string {
  const durability = parts.durability();
  if (durability === null) throw new ProblemError(storeUnavailable());
  if (!durability.kept) throw new ProblemError(refuseDurability());
  const fullForS = parts.memory.fullForS();
  if (fullForS !== null) throw new ProblemError(refuseFullStore(fullForS));
  return durability.header;
}
