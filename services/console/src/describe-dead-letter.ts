import { decodeEntry, formatInstant, receiptIdOf, type SettledEntry } from '@sluice/core';

/** One line of a list. An entry that a newer version wrote has no activity that can be told here. */
export function describeDeadLetter(settled: SettledEntry, shardTag: string) {
  const { id, state, itemId, code, message, requestId, settledMs } = settled;
  const entry = decodeEntry(settled.entry);
  return {
    id,
    state,
    itemId,
    activity:
      entry === null
        ? null
        : {
            type: entry.activity.type,
            startDateTime: formatInstant(entry.activity.startMs),
            performedBy: entry.activity.performedBy,
          },
    code,
    message,
    requestId,
    attempts: entry?.attempts ?? null,
    acceptedAt: entry === null ? null : formatInstant(entry.acceptedMs),
    settledAt: formatInstant(settledMs),
    receiptId: entry === null || entry.receiptRef === null ? null : receiptIdOf(shardTag, entry.receiptRef),
  };
}
