/*
  accept and append of a body of lines, while it arrives: a piece is stored as soon as it is full, and until it is stored
  nothing more is read. So a stream of any length needs the memory of one piece. A bad line costs only itself. What was
  stored stays stored when the stream breaks: `lastLine` says up to where everything is decided.
*/
import {
  type ActivityRules,
  checkActivity,
  PIECE_ENTRIES_MAX,
  RECEIPT_ENTRIES_MAX,
  type RejectedEntry,
} from '@sluice/core';
import { type LineBody, type ParsedLine, ProblemError } from '@sluice/http';
import { INTAKE_PROBLEMS, refuseEmpty } from './answer-append.ts';
import type { ChargePiece } from './charge-caller.ts';
import type { LineRooms } from './share-line-room.ts';
import type { StoredRequest, StoreParts } from './store-checked.ts';
import type { AcceptedLine, LineStore } from './store-lines.ts';

/** Rejected lines that an answer names; fewer while many streams have much to name. */
const REJECTED_LISTED_MAX = 1000;
/** The least entries of a piece that is stored before it is full. */
const PIECE_ENTRIES_LEAST = 20;
/** Five base-36 digits: what an entry has room for. Lines beyond are all named by it in the receipt. */
const INDEX_MAX = 36 ** 5 - 1;

export interface RejectedLine extends Omit<RejectedEntry, 'index'> {
  readonly line: number;
}

export interface LinesTaken extends Pick<StoredRequest, 'durability' | 'replayed' | 'keptMs'> {
  readonly summary: LinesSummary;
}

/** Of all lines up to lastLine: accepted + duplicates + rejectedTotal is what they were. */
export interface LinesSummary {
  readonly receiptId: string | null;
  readonly connectionId: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly RejectedLine[];
  readonly rejectedTotal: number;
}

export interface LinesTarget {
  readonly connectionId: string;
  readonly lineStore: LineStore;
  readonly rules: Omit<ActivityRules, 'itemId'>;
  /** Of the caller's quota, before a piece is stored. */
  readonly charge: ChargePiece;
  readonly rooms: LineRooms;
}

/** Throws a ProblemError with what was decided before when not all of the body could be taken. */
export async function takeLines(
  parts: Pick<StoreParts, 'metrics'>,
  target: LinesTarget,
  body: LineBody,
): Promise<LinesTaken> {
  const take = beginTake(parts, target);
  try {
    for await (const lines of body.read()) {
      for (const line of lines) {
        take.decide(line);
        if (take.isPieceFull()) await take.store(false);
        else if (target.rooms.isTurnOver()) await target.rooms.nextTurn();
      }
    }
    take.assertSome();
    const durability = await take.store(true);
    return { durability, summary: take.summary(), ...take.keyed() };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code in ALONE) throw error;
    const { problem } = error;
    const members = { ...problem.members, ...take.summary(), lastLine: take.lastLine() };
    throw new ProblemError({ ...problem, members }, { cause: error });
  } finally {
    take.leaveRooms();
  }
}

/** Problems that say everything themselves. */
const ALONE: Readonly<Record<string, true>> = { no_activities: true, no_valid_activity: true };

function beginTake(parts: Pick<StoreParts, 'metrics'>, target: LinesTarget) {
  const { lineStore, rooms } = target;
  const activityRules: ActivityRules = { ...target.rules, itemId: 'required' };
  const waiting: AcceptedLine[] = [];
  const rejected: RejectedLine[] = [];
  const stored = { accepted: 0, duplicates: 0, rejectedTotal: 0, rejectedNamed: 0, lastLine: 0 };
  let rejectedTotal = 0;
  let line = 0;

  function reject(refusal: Omit<RejectedLine, 'line'>): void {
    rejectedTotal++;
    parts.metrics.entriesRejected(refusal.code, 1);
    if (rejected.length >= REJECTED_LISTED_MAX || rooms.named.isFull()) return;
    rejected.push({ line, ...refusal });
    rooms.named.enter();
  }

  function decide(parsed: ParsedLine): void {
    if ('blank' in parsed) return;
    line = parsed.number;
    if ('problem' in parsed) {
      reject({ pointer: '#', code: parsed.problem.code, message: parsed.problem.detail });
      return;
    }
    const checked = checkActivity(parsed.value, activityRules);
    if (checked.ok === false) {
      reject({ pointer: `#${checked.pointer}`, code: checked.code, message: checked.message });
      return;
    }
    const { activity, id } = checked;
    waiting.push({ index: indexOf(line), itemId: checked.itemId!, activity, id, line });
    rooms.waiting.enter();
  }

  /** Of the rejected lines, those the receipt has room for and was not told of yet. */
  function rejectedEntries(): RejectedEntry[] {
    return rejected
      .slice(stored.rejectedNamed, RECEIPT_ENTRIES_MAX)
      .map(({ line: number, ...refusal }) => ({ index: indexOf(number), ...refusal }));
  }

  async function store(last: boolean): Promise<string> {
    if (waiting.length > 0) await target.charge(waiting.length);
    const named = rejectedEntries();
    const newlyRejected = rejectedTotal - stored.rejectedTotal;
    const decided = { rejected: newlyRejected, rejectedEntries: named, lastLine: line, last };
    const accepted = waiting.splice(0);
    const result = await lineStore.store({ accepted, ...decided }).finally(() => rooms.waiting.leave(accepted.length));
    stored.accepted += result.appended;
    stored.duplicates += result.duplicates;
    stored.rejectedTotal += newlyRejected;
    stored.rejectedNamed += named.length;
    stored.lastLine = line;
    return result.durability;
  }

  return {
    decide,
    store,
    isPieceFull: () => waiting.length >= (rooms.waiting.isFull() ? PIECE_ENTRIES_LEAST : PIECE_ENTRIES_MAX),
    leaveRooms: () => {
      rooms.waiting.leave(waiting.length);
      rooms.named.leave(rejected.length);
    },
    lastLine: () => stored.lastLine,
    /** A stream of which nothing was new was sent before. */
    keyed: () => {
      const { resumed, keptMs } = lineStore.keyed();
      return { replayed: resumed && stored.accepted === 0, keptMs };
    },
    summary: (): LinesSummary => {
      const { accepted, duplicates } = stored;
      const ids = { receiptId: lineStore.receiptId(), connectionId: target.connectionId };
      const decided = rejected.filter((one) => one.line <= stored.lastLine);
      return { ...ids, accepted, duplicates, rejected: decided, rejectedTotal: stored.rejectedTotal };
    },
    assertSome: () => {
      if (stored.accepted + stored.duplicates + waiting.length > 0) return;
      if (rejectedTotal === 0) throw new ProblemError(refuseEmpty());
      const detail = INTAKE_PROBLEMS.no_valid_activity;
      throw new ProblemError({ status: 400, code: 'no_valid_activity', detail, members: { rejected, rejectedTotal } });
    },
  };
}

function indexOf(line: number): number {
  return Math.min(line - 1, INDEX_MAX);
}
