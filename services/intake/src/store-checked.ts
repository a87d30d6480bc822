/* append, for a request that was checked whole: refuses what must not be stored now, and stores the rest in pieces. */
import { type AcceptedActivity, type CheckedBody, planPieces, receiptIdOf } from '@sluice/core';
import { ProblemError } from '@sluice/http';
import type { Metrics } from '@sluice/telemetry';
import { refuseAppend, refuseDurability, storeUnavailable } from './answer-append.ts';
import type { Appender, AppendSettings } from './append-request.ts';
import type { DurabilityPromise } from './promise-durability.ts';
import type { RememberAs } from './remember-as.ts';

export interface StoreParts extends Appender {
  readonly rememberAs: RememberAs;
  /** Null while the store has not been reached. */
  readonly durability: () => DurabilityPromise | null;
  /** RECEIPT_REF_LENGTH characters that nobody can guess. */
  readonly receiptRef: () => string;
  readonly shardTag: string;
  readonly metrics: Pick<Metrics, 'entriesRejected'>;
}

export interface Stored {
  readonly receiptId: string;
  readonly appended: number;
  /** What the answer may say of durability. */
  readonly durability: string;
}

/** Throws a ProblemError when not all of it is stored. */
export async function storeChecked(
  parts: StoreParts,
  connection: { readonly connectionId: string; readonly settings: AppendSettings },
  { accepted, rejected, duplicates }: CheckedBody,
): Promise<Stored> {
  const durability = promiseOrThrow(parts);
  const receiptRef = parts.receiptRef();
  const receiptId = receiptIdOf(parts.shardTag, receiptRef);
  const rememberAs = (one: AcceptedActivity) => parts.rememberAs(connection.connectionId, one);
  const pieces = planPieces({ accepted, receiptRef, rememberAs });
  const outcome = await parts.append({ ...connection, receiptId, pieces, rejected, duplicates });
  if (outcome.status !== 'stored') throw new ProblemError(refuseAppend(outcome));
  return { receiptId, appended: outcome.appended, durability };
}

/** What may be promised now; throws when that is less than was set. */
export function promiseOrThrow(parts: Pick<StoreParts, 'durability'>): string {
  const durability = parts.durability();
  if (durability === null) throw new ProblemError(storeUnavailable());
  if (!durability.kept) throw new ProblemError(refuseDurability());
  return durability.header;
}
