/* The two ends an entry can have besides delivery: dead letter, parked. */
import type { SettledReason } from '@sluice/core';
import { listEnded } from './receipt.ts';
import type { Connection, Now, State } from './state.ts';

export interface EntryEnd {
  readonly entry: string;
  readonly itemId: string;
  readonly end: 'dead' | 'parked';
  readonly reason: SettledReason;
}

export function endEntry(state: State, connection: Connection, ended: EntryEnd, now: Now): void {
  const { entry, itemId, end, reason } = ended;
  const { code, message, requestId } = reason;
  connection.counts[end] += 1;
  connection.endedEver += 1;
  const nth = connection.endedEver;
  const named = { id: `${end}-${now.ms}-${nth}`, nth, state: end, itemId, entry, settledMs: now.ms };
  connection.settledEntries = [...connection.settledEntries, { ...named, code, message, requestId }];
  listEnded(state, ended, now);
}
