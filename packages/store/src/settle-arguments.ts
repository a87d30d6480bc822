import type { EntrySettlement, SettleRequest } from '@sluice/core';
import { toldArguments } from './lookups.ts';

const LETTER = { ack: 'd', deadLetter: 'x', park: 'p' } as const;

/** The arguments of the settle script, in its header's order. */
export function settleArguments(request: SettleRequest): (string | number)[] {
  const { entries, call } = request.settlement;
  return [
    request.connectionId,
    request.leaseId,
    request.epoch,
    call.quota,
    Math.ceil(call.closeMs),
    call.failed === null ? '' : call.failed ? 1 : 0,
    call.block?.kind ?? '',
    call.block?.reason ?? '',
    call.block?.probeEveryMs ?? 0,
    call.groupsWhole ? 1 : 0,
    call.unknown?.reason ?? '',
    call.unknown?.entries ?? 0,
    request.deadLettersMax,
    request.receiptTtlMs,
    request.entriesMax,
    entries.map(letterOf).join(''),
    entries.map((entry) => (entry.kind === 'requeue' ? entry.group.toString(36) : '-')).join(''),
    JSON.stringify(groupDelays(entries)),
    JSON.stringify(entries.flatMap(reasonOf)),
    request.inFlightMax,
    request.tenantEpoch,
    call.target ?? '',
    ...toldArguments(request),
  ];
}

function letterOf(entry: EntrySettlement): string {
  return entry.kind === 'requeue' ? (entry.counted ? 'c' : 'r') : LETTER[entry.kind];
}

/** Delay of each group, by its number: that of its first entry. */
function groupDelays(entries: readonly EntrySettlement[]): number[] {
  const delays: number[] = [];
  for (const entry of entries) {
    if (entry.kind === 'requeue') delays[entry.group] ??= Math.ceil(entry.delayMs);
  }
  return Array.from(delays, (delay) => delay ?? 0);
}

function reasonOf(entry: EntrySettlement): string[] {
  if (entry.kind !== 'deadLetter' && entry.kind !== 'park') return [];
  const { code, message, requestId } = entry;
  return [JSON.stringify({ code, message, requestId })];
}
