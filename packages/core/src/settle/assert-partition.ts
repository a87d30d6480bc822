/* settle: the last look before a plan is carried out. What fails here is a bug, and no settlement is better than a wrong one. */
import type { Outcome } from '../outcome/outcome.ts';
import type { EntrySettlement, Settlement } from './settlement.ts';

export class SettlementError extends Error {
  override readonly name = 'SettlementError';
  readonly code = 'SLU_SETTLE_NOT_A_PARTITION';
}

export interface Batch {
  readonly outcome: Outcome;
  /** Entries of the lease. */
  readonly entries: number;
  /** Of them, how many were sent. */
  readonly sent: number;
}

/** ack + requeue + deadLetter + park is the batch; acknowledged is exactly what was delivered; every delay is a whole number. */
export function assertPartition({ entries: planned }: Settlement, { outcome, entries, sent }: Batch): void {
  if (planned.length !== entries) fail(`${planned.length} settlements for a batch of ${entries}`);
  if (outcome.entries.length !== sent) fail(`${outcome.entries.length} outcomes for ${sent} entries that were sent`);
  let acked = 0;
  for (const entry of planned) {
    if (entry.kind === 'ack') acked += 1;
    else if (entry.kind === 'requeue') assertRequeue(entry);
    else if (entry.kind !== 'deadLetter' && entry.kind !== 'park')
      fail(`an entry is planned as ${JSON.stringify(entry)}`);
  }
  let delivered = 0;
  for (const { verdict } of outcome.entries) if (verdict === 'delivered') delivered += 1;
  if (acked !== delivered) fail(`${acked} entries are acknowledged, but ${delivered} were delivered`);
}

function assertRequeue({ delayMs, group }: EntrySettlement & { kind: 'requeue' }): void {
  // Object.is: -0 is refused by Redis's integer commands, and a script would stop half-way.
  const whole = Number.isSafeInteger(delayMs) && delayMs >= 0 && !Object.is(delayMs, -0);
  if (!whole || !Number.isSafeInteger(group)) fail(`an entry is put back with delay ${delayMs} in group ${group}`);
}

function fail(what: string): never {
  throw new SettlementError(`settlement is not a partition of its batch: ${what}`);
}
