/* A settlement as it is planned for a reply: what the tests of planning have in common. */
import assert from 'node:assert/strict';
import { encodeEntry } from '../../src/activity/entry.ts';
import { splitReadable } from '../../src/deliver/split-readable.ts';
import { readReply } from '../../src/outcome/read-reply.ts';
import type { AnsweredReply, Reply } from '../../src/outcome/reply.ts';
import { type LeaseFacts, planSettlement, type SettlementSettings } from '../../src/settle/plan-settlement.ts';
import type { EntrySettlement, Settlement } from '../../src/settle/settlement.ts';
import { answered as answeredWith, START } from '../outcome/replies.ts';

export const LEASE: LeaseFacts = { refusedInARow: 0, failedInARow: 0, probe: false, awakeMs: 1_000_000, whole: false };
export const SETTINGS: SettlementSettings = {
  retryAttemptsMax: 10,
  retryAgeMaxMs: 86_400_000,
  retryBaseMs: 1000,
  retryCapMs: 300_000,
  unknownPolicy: 'retry',
};

/** An entry as settle leaves it after so many counted attempts, the first at this awake time. */
export function entry(n: number, attempts = 0, firstTriedAwakeMs = 0): string {
  const fresh = encodeEntry(
    { type: 'viewed', startMs: START + n, performedBy: { type: 'user', id: `p${n}` } },
    n,
    null,
  );
  const tried = attempts.toString(36).padStart(2, '0') + firstTriedAwakeMs.toString(36).padStart(9, '0');
  return fresh.slice(0, 21) + tried + fresh.slice(32);
}

/** Unless told, nothing of the body could be read. */
export function answered(status: number, parts: Parameters<typeof answeredWith>[1] = {}): AnsweredReply {
  return answeredWith(status, { bodyProblem: 'empty', ...parts });
}

interface Case {
  readonly entries?: readonly string[];
  readonly lease?: Partial<LeaseFacts>;
  readonly settings?: Partial<SettlementSettings>;
  readonly chance?: number;
}

export function plan(reply: Reply, { entries = [entry(0)], lease, settings, chance = 0.5 }: Case = {}): Settlement {
  const outcome = readReply({ reply, entries: splitReadable(entries).readable, nowMs: 0 });
  return planSettlement({
    outcome,
    entries,
    lease: { ...LEASE, ...lease },
    settings: { ...SETTINGS, ...settings },
    chance: () => chance,
  });
}

export function only(settlement: Settlement): EntrySettlement {
  assert.equal(settlement.entries.length, 1);
  return settlement.entries[0]!;
}
