/* settle: what a call says about its connection, and how long its entries wait. */
import { CLOSE_MS_MAX } from '../limits.ts';
import type { CallOutcome, Closure, Outcome } from '../outcome/outcome.ts';
import { boundMessage } from '../outcome/read-graph-error.ts';
import type { LeaseFacts, SettlementRequest, SettlementSettings } from './plan-settlement.ts';
import type { Block, CallSettlement } from './settlement.ts';

/** So many failed calls in a row open the breaker. */
export const BREAKER_FAILURES = 5;
const BREAKER_PROBE_EVERY_MS = 5000;
const HOLD_PROBE_EVERY_MS = 60_000;
/** A closure nobody gave a time for: 1 s, doubled with each refusal in a row, at most 60 s. */
const CLOSURE_BASE_MS = 1000;
const CLOSURE_CAP_MS = 60_000;
/** Without a token: 1 to 5 s. */
const BRIEF_CLOSURE_MS = { min: 1000, spread: 4000 };
/** Retry-After is a floor: only upward jitter, a tenth of it and at most 1 s. */
const RETRY_AFTER_JITTER_MS_MAX = 1000;
/** Doubling ends here; the cap of every backoff is reached before. */
const DOUBLINGS_MAX = 30;

export function planCall({ outcome, lease, chance }: SettlementRequest, whole: boolean): CallSettlement {
  const { call } = outcome;
  return {
    quota: call.quota,
    closeMs: call.closure === null ? 0 : closeMs(call.closure, lease, chance),
    failed: call.failed,
    block: planBlock(call, lease),
    target: call.target,
    groupsWhole: whole,
    unknown: countUnknown(outcome),
  };
}

/**
 * A probe that fails leaves the block as it is (null): only a call that Graph takes ends it. The breaker's count goes on,
 * so a hold whose probes get no answer turns into a breaker, which asks more often.
 */
function planBlock(call: CallOutcome, lease: LeaseFacts): Block | null {
  if (call.hold !== null) return { kind: 'held', reason: call.hold.reason, probeEveryMs: HOLD_PROBE_EVERY_MS };
  const failures = lease.failedInARow + 1;
  if (call.failed !== true || failures < BREAKER_FAILURES) return null;
  return {
    kind: 'breaker',
    reason: boundMessage(`${failures} calls in a row failed; the last: ${call.reason}`),
    probeEveryMs: BREAKER_PROBE_EVERY_MS,
  };
}

function closeMs(closure: Closure, lease: LeaseFacts, chance: () => number): number {
  switch (closure.kind) {
    case 'retry-after':
      return Math.min(
        closure.ms + Math.floor(chance() * Math.min(closure.ms / 10, RETRY_AFTER_JITTER_MS_MAX)),
        CLOSE_MS_MAX,
      );
    case 'backoff': {
      const ceiling = Math.min(CLOSURE_CAP_MS, CLOSURE_BASE_MS * 2 ** Math.min(lease.refusedInARow, DOUBLINGS_MAX));
      return Math.max(CLOSURE_BASE_MS, Math.floor(ceiling * (0.5 + chance() / 2)));
    }
    case 'brief':
      return BRIEF_CLOSURE_MS.min + Math.floor(chance() * BRIEF_CLOSURE_MS.spread);
    default:
      return closure satisfies never;
  }
}

export interface Waiting {
  readonly call: CallOutcome;
  /** Counted attempts before this one; null: this one is not counted. */
  readonly attempts: number | null;
  readonly failedInARow: number;
  readonly settings: SettlementSettings;
  readonly chance: () => number;
}

/**
 * Full jitter: anything between nothing and base · 2^attempts (AWS architecture blog, "Exponential backoff and jitter").
 * What is not counted waits for its connection (closed, held), not for itself; unless the call failed, and then a little.
 */
export function backoffMs({ call, attempts, failedInARow, settings, chance }: Waiting): number {
  if (attempts === null && call.failed !== true) return 0;
  const doublings = attempts ?? (call.certainty === 'not-sent' ? 0 : failedInARow);
  const ceiling = Math.min(settings.retryCapMs, settings.retryBaseMs * 2 ** Math.min(doublings, DOUBLINGS_MAX));
  return Math.floor(chance() * ceiling);
}

function countUnknown({ entries }: Outcome): CallSettlement['unknown'] {
  const unknown = entries.filter(({ verdict }) => verdict === 'unknown');
  const [first] = unknown;
  return first === undefined
    ? null
    : { entries: unknown.length, reason: boundMessage(`${first.code}: ${first.message}`) };
}
