/* Draws a run: first its settings, small so that bounds are met often, then its operations. */
import type { AppendPiece, CallSettlement, EntrySettlement } from '@sluice/core';
import {
  ACTIVITY_START_MS,
  type EntryParts,
  makeCall,
  makeDeadLetter,
  makeEntry,
  makePark,
  makePiece,
  makeRequeue,
  makeTake,
  PERFORMER_ID,
} from '../builders.ts';
import { CLOCK_START_MS } from '../manual-clock.ts';
import { drawCrowdedTenant } from './draw-crowded-tenant.ts';
import type { EndedChoice, ModelSettings, Operation } from './operations.ts';
import type { Random } from './random.ts';

const OTHER_PERFORMER = '00000000-5f2a-4a39-9c1e-0d8a5d3e7a12';

/** Rule 3 of take looks at so many items. */
const BEST_MAX = 8;

export const MODEL_CONNECTIONS = ['hr', 'tickets', 'wiki'] as const;
export const MODEL_TENANTS = ['contoso', 'fabrikam'] as const;

/** Two connections of one tenant, and one of another. */
export function modelTenantOf(connectionId: string): string {
  return connectionId === 'wiki' ? 'fabrikam' : 'contoso';
}

export function drawSettings(random: Random): ModelSettings {
  const entriesMax = random.oneOf([1, 3, 4, 4, 20]);
  const { connectionId, tenantId, leaseId, ...take } = makeTake({
    entriesMax,
    lingerMs: random.oneOf([0, 200, 1000, 5000]),
    ageBoundMs: random.oneOf([500, 5000, 60_000]),
    leaseMs: random.oneOf([2000, 30_000]),
    callTimeoutMs: random.oneOf([1000, 1500]),
    inFlightMax: random.oneOf([2, 5, 20]),
    unknownPolicy: random.oneOf(['retry', 'retry', 'park']),
    // Some pairs are above it from the beginning, some come to be.
    viewedAgeMaxMs: random.oneOf([null, null, CLOCK_START_MS - ACTIVITY_START_MS, 2000]),
    intervalInitialUs: random.oneOf([1, 7000, 33_333, 50_000]),
  });
  return {
    take,
    append: {
      pendingMax: random.oneOf([40, 1_000_000]),
      connectionsMax: random.oneOf([2, 1000, 1000]),
      receiptsMax: random.oneOf([3, 1_000_000]),
      dedupe: { windowMs: random.oneOf([600, 5000, 60_000]), idsMax: random.oneOf([1, 7, 60, 1_000_000]) },
    },
    keyed: {
      keys: random.oneOf([0, 4, 400]),
      windowMs: random.oneOf([600, 5000, 60_000]),
      keysMax: random.oneOf([1, 6, 1_000_000]),
    },
    ids: random.oneOf([0, 10, 100, 3000]),
    deadLettersMax: random.oneOf([6, 1_000_000]),
    items: 'a B c-1 d_2 e f g h i j k l m n o p'.split(' ').slice(0, random.oneOf([2, 4, 16])),
    groupEntriesMax: random.oneOf([2, entriesMax + 1]),
    groupsMax: random.oneOf([2, 6]),
    appendShare: random.oneOf([6, 22]),
    pairs: random.oneOf([2, 30, 100_000]),
  };
}

export function drawOperations(random: Random, settings: ModelSettings, count: number): readonly Operation[] {
  const draw: Draw = { random, settings, sequence: 0, index: 0, pieces: [], receiptId: null, receipts: 0 };
  const operations: Operation[] = [];
  while (operations.length < count) {
    const rare = settings.items.length > BEST_MAX && random.chance(0.03);
    if (random.chance(0.01)) operations.push(...drawCrowd(draw, operations.length));
    if (random.chance(0.02)) operations.push(...drawForgotten(draw, operations.length));
    operations.push(...(rare ? drawLonelyItem(draw, operations.length) : [drawOperation(draw, operations.length)]));
  }
  return operations.slice(0, count);
}

interface Draw {
  readonly random: Random;
  readonly settings: ModelSettings;
  sequence: number;
  readonly pieces: AppendPiece[];
  /** Of the next entry of that request: an index is one entry's. */
  index: number;
  /** Of the request whose pieces are being appended. */
  receiptId: string | null;
  receipts: number;
}

function drawOperation(draw: Draw, n: number): Operation {
  const { random, settings } = draw;
  const connectionId = random.chance(0.7) ? MODEL_CONNECTIONS[0] : random.oneOf(MODEL_CONNECTIONS);
  const roll = random.below(100);
  if (roll < settings.appendShare) return { op: 'append', piece: drawPiece(draw, connectionId) };
  if (roll < 57) {
    const resend = random.chance(0.08) ? random.below(100) / 100 : null;
    return { op: 'take', connectionId, leaseId: leaseIdOf(n), resend };
  }
  if (roll < 76) return drawSettle(draw);
  if (roll < 88)
    return { op: 'advance', ms: random.oneOf([1, 3, 20, 50, 50, 200, 201, 499, 1000, 1001, 5000, 31_000, 31_000]) };
  if (roll < 91) return drawLearn(draw, connectionId);
  if (roll < 95) return drawEndedOperation(draw, connectionId);
  if (roll < 97) return { op: 'erase', connectionId, performerId: drawPerformer(random), ends: random.chance(0.5) };
  if (roll < 98) return drawSteering(random, connectionId);
  return { op: 'sweep', lateMs: random.oneOf([0, 500]), notWithinMs: random.oneOf([0, 400]) };
}

/** Too rare to be met by chance: one entry that has waited long enough lies behind eight fuller items that have not. */
function drawLonelyItem(draw: Draw, n: number): readonly Operation[] {
  const { random, settings } = draw;
  const [lonely, ...others] = settings.items;
  const { lingerMs, entriesMax } = settings.take;
  const connectionId = MODEL_CONNECTIONS[2];
  const append = (itemIds: readonly string[], count: number): Operation => {
    const entriesOf = () => Array.from({ length: count }, (_, index) => drawEntry(random, settings.pairs, { index }));
    const groups = itemIds.map((itemId) => ({ itemId, entries: entriesOf() }));
    const sizes = { lingerMs, entriesMax, ...settings.append };
    return { op: 'append', piece: makePiece({ connectionId, sequence: ++draw.sequence, groups, ...sizes }) };
  };
  const wait: Operation = { op: 'advance', ms: Math.ceil(lingerMs / 2) };
  const take: Operation = { op: 'take', connectionId, leaseId: leaseIdOf(n), resend: null };
  return [append([lonely!], 1), wait, append(others, 2), wait, take];
}

function drawCrowd(draw: Draw, n: number): readonly Operation[] {
  const { random, settings } = draw;
  const nextSequence = () => ++draw.sequence;
  return drawCrowdedTenant({ random, settings, nextSequence, leaseIdOf: (nth) => leaseIdOf(n + nth) });
}

function drawSteering(random: Random, connectionId: string): Operation {
  if (random.chance(0.3)) return { op: 'forget', connectionId, discardPending: random.chance(0.5) };
  return { op: random.chance(0.2) ? 'pause' : 'resume', connectionId };
}

/** Too rare to be met by chance: all that a connection holds is discarded, and it forgotten; what comes after makes it anew. */
function drawForgotten({ random, settings }: Draw, n: number): readonly Operation[] {
  const connectionId = random.oneOf(MODEL_CONNECTIONS);
  const choice: EndedChoice = { filter: {}, endedMsAgo: null, goOn: false };
  const forget = (discardPending: boolean): Operation => ({ op: 'forget', connectionId, discardPending });
  // Calls of nobody are reclaimed by the next take.
  const takes = [0, 1].map(
    (nth): Operation => ({ op: 'take', connectionId, leaseId: leaseIdOf(n + nth), resend: null }),
  );
  return [
    { op: 'advance', ms: settings.take.leaseMs },
    ...(random.chance(0.5) ? takes.slice(0, 1) : []),
    ...(random.chance(0.8) ? [{ op: 'pause', connectionId } as const] : []),
    forget(true),
    { op: 'discard', connectionId, choice, lookedAtMax: 500, chosenMax: 500 },
    forget(random.chance(0.5)),
    ...(random.chance(0.3) ? takes.slice(1) : []),
  ];
}

function leaseIdOf(n: number): string {
  return `lease-${String(n).padStart(4, '0')}`;
}

function drawPiece(draw: Draw, connectionId: string): AppendPiece {
  const { random, settings, pieces } = draw;
  if (pieces.length > 0 && random.chance(0.05)) return random.oneOf(pieces);
  if (draw.receiptId === null && random.chance(0.7)) {
    draw.receipts += 1;
    draw.index = 0;
    draw.receiptId = `s0receipt-${String(draw.receipts).padStart(4, '0')}`;
  }
  const { receiptId } = draw;
  const last = random.chance(0.7);
  const rejected = receiptId !== null && random.chance(0.2) ? random.below(3) : 0;
  const piece = makePiece({
    ...settings.append,
    connectionId,
    lane: 'lane-1',
    sequence: ++draw.sequence,
    receiptId,
    rejected,
    rejectedEntries: indicesOf(draw, rejected).map((index) => ({
      index,
      pointer: `#/activities/${index}/type`,
      code: 'type_unknown',
      message: 'type must be viewed, modified, created or commented.',
    })),
    duplicates: random.chance(0.1) ? random.below(3) : 0,
    ...(random.chance(0.5) && drawKey(draw)),
    ...(random.chance(0.2) && { lastLine: random.below(100) }),
    ...(random.chance(0.3) && { roomFor: random.below(40) }),
    groups: random.chance(0.05) ? [] : drawGroups(draw, receiptId),
    last,
    lingerMs: settings.take.lingerMs,
    entriesMax: settings.take.entriesMax,
  });
  // An entry belongs to the receipt of one connection, so a request that was begun on another one ends here.
  if (last || receiptId === null || random.chance(0.5)) draw.receiptId = null;
  pieces.push(piece);
  return piece;
}

function indicesOf(draw: Draw, count: number): readonly number[] {
  return Array.from({ length: count }, () => draw.index++);
}

function drawGroups(draw: Draw, receiptId: string | null): AppendPiece['groups'] {
  const { random, settings } = draw;
  const { items, pairs, groupsMax, groupEntriesMax } = settings;
  const first = random.below(items.length);
  const count = 1 + random.below(Math.min(groupsMax, items.length));
  const receiptRef = receiptId?.slice(-12) ?? null;
  return Array.from({ length: count }, (_, g) => {
    const entries = indicesOf(draw, 1 + random.below(groupEntriesMax)).map((index) =>
      drawEntry(random, pairs, { index, receiptRef }),
    );
    const ids = entries.map(() => drawId(draw));
    return { itemId: items[(first + g) % items.length]!, entries, ...(random.chance(0.8) && { ids }) };
  });
}

function drawId({ random, settings }: Draw): string | null {
  if (settings.ids === 0 || random.chance(0.2)) return null;
  return spread(random.below(settings.ids));
}

function drawKey({ random, settings }: Draw): Pick<AppendPiece, 'key'> {
  const { keys, windowMs, keysMax } = settings.keyed;
  if (keys === 0) return {};
  const fingerprint = random.chance(0.9) ? 'what-was-se' : 'something-e';
  const owner = random.oneOf(['first-owner-', 'other-owner-']);
  const nth = random.oneOf([0, 0, 0, 1, 1, 2, null]);
  return { key: { id: spread(random.below(keys)), fingerprint, owner, nth, windowMs, keysMax } };
}

/** Over all numbers that an id or a key may be. */
function spread(n: number): string {
  return String(((BigInt(n) + 1n) * 0x9e37_79b9_7f4a_7c15n) & 0x7fff_ffff_ffff_ffffn);
}

function drawEntry(random: Random, pairs: number, parts: EntryParts): string {
  const type = random.oneOf(['viewed', 'modified'] as const);
  const performedBy = { type: 'user', id: drawPerformer(random) } as const;
  return makeEntry({ ...parts, type, performedBy, startMs: ACTIVITY_START_MS + random.below(pairs) });
}

/** Two people, one of them in two spellings, and a third whose id only looks like that. */
function drawPerformer(random: Random): string {
  const other = `ext-${PERFORMER_ID.slice(4)}`;
  return random.oneOf([
    PERFORMER_ID,
    PERFORMER_ID,
    PERFORMER_ID.toUpperCase(),
    OTHER_PERFORMER,
    other,
    other.toUpperCase(),
  ]);
}

function drawSettle({ random, settings }: Draw): Operation {
  const lease = random.chance(0.5) ? 0 : random.below(100) / 100;
  const entriesMax = settings.take.entriesMax;
  const call = drawCall(random);
  const bisected = random.chance(0.15);
  const plain = random.chance(0.4);
  const verdicts = Array.from({ length: entriesMax }, (_, n): EntrySettlement => {
    if (bisected) return makeRequeue({ group: n < entriesMax / 2 ? 0 : 1, counted: false });
    if (plain || random.chance(0.5)) return { kind: 'ack' };
    if (random.chance(0.3))
      return random.chance(0.6) ? makeDeadLetter({ requestId: 'request-1' }) : makePark({ code: 'lost' });
    const group = random.below(3);
    return makeRequeue({ group, counted: random.chance(0.5), delayMs: random.oneOf([0, 1, 300, 2000, 60_000]) });
  });
  const again = random.chance(0.12);
  return { op: 'settle', lease, again, verdicts, call: bisected ? { ...call, groupsWhole: true } : call };
}

function drawEndedOperation({ random, settings }: Draw, connectionId: string): Operation {
  const op = random.oneOf(['list', 'replay', 'replay', 'discard'] as const);
  const byIds: EndedChoice = { places: Array.from({ length: random.below(5) }, () => random.below(100) / 100) };
  const filter = {
    ...(random.chance(0.3) && { state: random.oneOf(['dead', 'parked'] as const) }),
    ...(random.chance(0.2) && { code: random.oneOf(['badRequest', 'lost', 'lease_reclaimed']) }),
    ...(random.chance(0.2) && { itemId: random.oneOf(settings.items) }),
  };
  const endedMsAgo = random.chance(0.2) ? random.oneOf([0, 1000]) : null;
  const choice = random.chance(0.4) ? byIds : { filter, endedMsAgo, goOn: random.chance(0.5) };
  return { op, connectionId, choice, lookedAtMax: random.oneOf([1, 3, 500]), chosenMax: random.oneOf([1, 2, 500]) };
}

function drawCall(random: Random): CallSettlement {
  const roll = random.below(100);
  const probeEveryMs = random.oneOf([500, 3000, 30_000]);
  if (roll < 50) return makeCall({ target: random.oneOf([null, 'found']) });
  if (roll < 60) {
    const block = { kind: 'held', reason: '404', probeEveryMs } as const;
    const presumed = random.chance(0.5);
    return makeCall({
      target: presumed ? 'presumed' : 'missing',
      block: presumed || random.chance(0.3) ? block : null,
    });
  }
  if (roll < 72) return makeCall({ quota: 'refused', closeMs: random.oneOf([0, 400, 1000, 5000]), failed: null });
  if (roll < 78) return makeCall({ quota: 'none', failed: true, unknown: { entries: 1, reason: 'timeout' } });
  if (roll < 83) return makeCall({ quota: 'none', failed: true, closeMs: random.oneOf([0, 2000]) });
  if (roll < 88) return makeCall({ quota: 'none', failed: null, block: { kind: 'held', reason: '403', probeEveryMs } });
  if (roll < 93)
    return makeCall({ quota: 'none', failed: true, block: { kind: 'breaker', reason: '503', probeEveryMs } });
  return makeCall({ quota: 'none', failed: random.oneOf([null, false]) });
}

function drawLearn({ random }: Draw, connectionId: string): Operation {
  return {
    op: 'learn',
    connectionId,
    ofTenant: random.chance(0.4),
    versionsBehind: random.chance(0.2) ? 1 : 0,
    closeMs: random.chance(0.2) ? 700 : 0,
    learning: {
      memory: `{"rate":${random.below(100)}}`,
      intervalUs: random.oneOf([1, 10_000, 40_001]),
      latenessUs: random.oneOf([0, 8000, 60_000]),
    },
    learnInMs: random.oneOf([0, 1000, 10_000]),
  };
}
