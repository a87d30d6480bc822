/*
  settle: turns an outcome into the plan for the whole batch: what is removed, put back and when, moved to the dead letters,
  parked; and whether the connection closes, is held or its breaker opens. Pure: chance is an argument. Nothing that was
  delivered ever comes back, nothing is forgotten: the plan is a partition of the batch, and that is asserted here.
*/
import { readEntry } from '../deliver/split-readable.ts';
import type { EntryOutcome, Outcome } from '../outcome/outcome.ts';
import { boundMessage } from '../outcome/read-graph-error.ts';
import { assertPartition } from './assert-partition.ts';
import { backoffMs, planCall } from './plan-call.ts';
import type { EntrySettlement, Settlement } from './settlement.ts';

export interface SettlementRequest {
  readonly outcome: Outcome;
  /** All entries of the lease, in its order. Those that splitReadable leaves out have no outcome and go to the dead letters. */
  readonly entries: readonly string[];
  readonly lease: LeaseFacts;
  readonly settings: SettlementSettings;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

/** What a lease tells of its connection. */
export interface LeaseFacts {
  readonly refusedInARow: number;
  readonly failedInARow: number;
  readonly probe: boolean;
  readonly awakeMs: number;
  readonly whole: boolean;
}

export interface SettlementSettings {
  readonly retryAttemptsMax: number;
  readonly retryAgeMaxMs: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly unknownPolicy: 'retry' | 'park';
}

const ACK: EntrySettlement = { kind: 'ack' };
const UNREADABLE: EntrySettlement = {
  kind: 'deadLetter',
  code: 'entry_unreadable',
  message:
    'what is stored is not an entry this version can read, because a newer one wrote it or something else did; it was never sent: replay it with a version that can',
  requestId: null,
};

export function planSettlement(request: SettlementRequest): Settlement {
  const { outcome, entries } = request;
  const groups = openGroups(request);
  const everyReadable = outcome.entries.length === entries.length;
  let sent = 0;
  const planned = entries.map((entry): EntrySettlement => {
    if (!everyReadable && readEntry(entry) === null) return UNREADABLE;
    const place = sent++;
    const verdict = outcome.entries[place];
    if (verdict?.verdict === 'delivered') return ACK;
    return verdict === undefined ? UNREADABLE : planEntry({ ...request, entry, verdict, place, groups });
  });
  const settlement: Settlement = { entries: planned, call: planCall(request, groups.whole) };
  assertPartition(settlement, { outcome, entries: entries.length, sent });
  return settlement;
}

interface EntryRequest extends SettlementRequest {
  readonly entry: string;
  readonly verdict: EntryOutcome;
  /** Position among the entries that were sent. */
  readonly place: number;
  readonly groups: Groups;
}

function planEntry(request: EntryRequest): EntrySettlement {
  const { verdict } = request;
  const { code, message, requestId } = verdict;
  if (verdict.verdict === 'rejected') return { kind: 'deadLetter', code, message, requestId };
  if (verdict.verdict === 'unknown' && request.settings.unknownPolicy === 'park') {
    return { kind: 'park', code, message, requestId };
  }
  return planRetry(request);
}

/** Back to pending, unless its attempts or its age are used up. Both only grow with tries that are counted. */
function planRetry(request: EntryRequest): EntrySettlement {
  const { outcome, entry, verdict, place, groups, lease, settings } = request;
  const { code, message, requestId } = verdict;
  if (outcome.call.bisect) {
    return {
      kind: 'requeue',
      delayMs: 0,
      counted: false,
      group: place < Math.ceil(outcome.entries.length / 2) ? 0 : 1,
    };
  }
  const stored = readEntry(entry);
  if (stored === null) return UNREADABLE;
  const counted =
    verdict.counted === 'always' || (verdict.counted === 'when-others-succeed' && lease.failedInARow === 0);
  if (counted) {
    const attempts = stored.attempts + 1;
    const ageMs = stored.firstTriedAwakeMs === null ? 0 : lease.awakeMs - stored.firstTriedAwakeMs;
    const spent =
      attempts >= settings.retryAttemptsMax
        ? `given up after ${attempts} attempts`
        : ageMs >= settings.retryAgeMaxMs
          ? `given up ${Math.round(ageMs / 1000)} s after its first attempt`
          : null;
    if (spent !== null) return { kind: 'deadLetter', code, message: boundMessage(`${spent}; ${message}`), requestId };
  }
  return { kind: 'requeue', counted, ...groups.join(verdict, counted ? stored.attempts : null) };
}

interface Groups {
  /** All that comes back of this batch comes back as one call. */
  readonly whole: boolean;
  /** attempts: the entry's counted attempts before this one; null: this one is not counted. */
  join(verdict: EntryOutcome, attempts: number | null): { readonly delayMs: number; readonly group: number };
}

/** Entries that wait equally long come back together: a retry costs a call, and a call takes twenty. */
function openGroups({ outcome, lease, settings, chance }: SettlementRequest): Groups {
  const whole = outcome.call.bisect || (lease.whole && outcome.call.wholeCall);
  const groups = new Map<string, { readonly delayMs: number; readonly group: number }>();
  return {
    whole,
    join(verdict, attempts) {
      const key = whole ? 'whole' : `${attempts} ${verdict.delayMsMin}`;
      const known = groups.get(key);
      if (known !== undefined) return known;
      const waitMs = backoffMs({ call: outcome.call, attempts, failedInARow: lease.failedInARow, settings, chance });
      const joined = { delayMs: verdict.delayMsMin + waitMs, group: groups.size };
      groups.set(key, joined);
      return joined;
    },
  };
}
